"""Changes of a study in the middle: each is a revision in its store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from mlkernel.config.problems import Problem, raise_problems
from mlkernel.study.engine.study_problem import check_study
from mlkernel.study.engine.study_settings import plain_study, stored_config
from mlkernel.study.space.search_space import SearchSpace
from mlkernel.study.space.space_reader import parse_space, read_space
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
    store: StudyStore, study: str, overrides: Sequence[str], space: Sequence[str] = ()
) -> list[str]:
    """Lay *overrides*, and new dimensions of parameters, over what a study was asked to do.

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


def _merged(config: StudyConfig, texts: Sequence[str]) -> dict[str, Any]:
    """The space with the dimensions of *texts* in place of those of the same names."""
    space, changed = read_space(config.space), parse_space(texts)
    parameters = [changed.by_name.get(one.name, one) for one in space.parameters]
    added = [one for one in changed.parameters if one.name not in space.by_name]
    raise_problems(
        [
            Problem(path=one.name, message="no parameter of the study; the trials so far have no value of it")
            for one in added
        ]
    )
    return to_table(SearchSpace(parameters=parameters, constraints=space.constraints))


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, value in new.items():
        if name == "space":
            lines += [
                f"space.{one}: {old[name][one]} -> {value[one]}"
                for one in value
                if old[name][one] != value[one]
            ]
        elif old[name] != value:
            lines.append(f"{name}: {old[name]} -> {value}")
    return lines
