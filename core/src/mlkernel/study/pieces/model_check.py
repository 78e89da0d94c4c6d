"""Whether the options that a model gives an installed trainer exist, before there is a space to complete them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from mlkernel.config.files import read_config_file
from mlkernel.config.layers import Assignment
from mlkernel.config.migrations import migrated
from mlkernel.config.problems import Problem, raise_problems
from mlkernel.config.sections import sections_of, settle
from mlkernel.discovery.name_resolution import resolve
from mlkernel.study.pieces.project_snapshot import is_installed
from mlkernel.study.space.option_check import option_problems
from mlkernel.study.space.search_space import Parameter, SearchSpace
from mlkernel.study.space.value_lists import Fixed
from mlkernel.study.study_config import StudyConfig


def check_model(config: StudyConfig, origins: Mapping[str, str]) -> None:
    """See that the trainer is there and has the options that ``set`` names; files and functions are seen later.

    :param origins: path from the top of the study → where the value was given.
    :raises UnknownNameError: there is no such trainer.
    :raises ConfigError: lists every option that it does not have, and every value that it refuses.
    """
    if not is_installed(config.trainer):
        return
    component = resolve("trainer", config.trainer)
    files = [read_config_file(file) for file in config.config if Path(file).is_file()]
    settled = settle(
        sections_of(component.config_class()),
        [migrated(layer, component.descriptor) for layer in files],
        [Assignment(path=path, value=value, origin="set") for path, value in config.set.items()],
    )
    given = [Parameter(name=path, dimension=Fixed(value=value)) for path, value in config.set.items()]
    problems = [*settled.problems, *option_problems(SearchSpace(parameters=given), settled.sections)]
    origin = origins.get("set")
    raise_problems([attrs.evolve(problem, origin=_exact(problem, origins) or origin) for problem in problems])


def _exact(problem: Problem, origins: Mapping[str, str]) -> str | None:
    words = problem.path.split(".")
    tails = (".".join(words[start:]) for start in range(len(words)))
    return next((origins[f"set.{tail}"] for tail in tails if f"set.{tail}" in origins), None)
