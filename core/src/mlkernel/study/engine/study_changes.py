"""Changes of a study in the middle: each is a revision in its store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from mlkernel.config.problems import Problem, did_you_mean, raise_problems
from mlkernel.study.engine.study_problem import check_study
from mlkernel.study.engine.study_settings import plain_study, stored_config
from mlkernel.study.space.search_space import SearchSpace
from mlkernel.study.space.space_reader import read_space
from mlkernel.study.space.table_form import to_table
from mlkernel.study.store.study_store import StudyStore
from mlkernel.study.study_config import StudyConfig

FIXED = (
    "name",
    "trainer",
    "config",
    "set",
    "configurations",
    "objectives",
    "seed",
    "seeds",
    "folds",
    "aggregate",
    "result",
    "max_step",
    "scheduler",
)
"""What trials are compared by: others with other values would belong to another study."""


def change_study(
    store: StudyStore, study: str, overrides: Sequence[str], space: Mapping[str, Any]
) -> list[str]:
    """Lay *overrides*, and new dimensions of parameters, over what a study was asked to do.

    :param space: the new dimensions, in any form that a space has; its constraints, if any, replace those so far.
    :returns: what changed, one line for each option.
    :raises ConfigError: a value is wrong, or one of those that cannot change; nothing was changed.
    """
    record = store.study(study)
    before = stored_config(record)
    after = stored_config(record, overrides)
    if space:
        after = attrs.evolve(after, space=_merged(before, space))
    old, new = plain_study(before), plain_study(after)
    raise_problems(
        [
            Problem(
                path=f"study.{name}",
                message="cannot change: the trials so far depend on it",
                suggestion="begin another study",
            )
            for name in FIXED
            if old[name] != new[name]
        ]
        + _too_few(store, study, before, after)
    )
    changes = _differences(old, new)
    if changes:
        check_study(after)
        store.revise(study, new)
        if store.study(study).state == "finished":
            store.set_state(study, "stopped")
    return changes


def _too_few(store: StudyStore, study: str, before: StudyConfig, after: StudyConfig) -> list[Problem]:
    """A smaller number of trials than there are, which could not be taken back."""
    existing = sum(store.counts(study).values())
    if after.trials is None or after.trials == before.trials or after.trials >= existing:
        return []
    message = f"there are {existing} trials already, more than {after.trials}"
    return [
        Problem(path="study.trials", message=message, suggestion=f"kernel study stop {study} ends the study")
    ]


def _merged(config: StudyConfig, table: Mapping[str, Any]) -> dict[str, Any]:
    """The space with the dimensions of *table* in place of those of the same names."""
    space, changed = read_space(config.space), read_space(table)
    raise_problems(
        [
            Problem(
                path=name,
                message="no parameter of the study; the trials so far have no value of it",
                suggestion=did_you_mean(name, space.by_name),
            )
            for name in changed.by_name
            if name not in space.by_name
        ]
    )
    parameters = [
        attrs.evolve(one, dimension=changed.by_name.get(one.name, one).dimension) for one in space.parameters
    ]
    return to_table(SearchSpace(parameters=parameters, constraints=changed.constraints or space.constraints))


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, value in new.items():
        if name == "space":
            lines += [
                f"space.{one}: {old[name].get(one)} -> {value[one]}"
                for one in value
                if old[name].get(one) != value[one]
            ]
        elif old[name] != value:
            lines.append(f"{name}: {old[name]} -> {value}")
    return lines
