"""The configuration of a study: from files, options and the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from mlkernel.config.layers import Assignment, Layer, plain
from mlkernel.config.sections import build_sections
from mlkernel.study.engine.study_objectives import path_of, settle_objectives
from mlkernel.study.space.space_reader import space_problems
from mlkernel.study.store.records import StudyRecord
from mlkernel.study.study_config import StudyConfig

SECTION, SPACE = "study", "space"


def build_study(layers: Sequence[Layer], overrides: Sequence[str | Assignment]) -> StudyConfig:
    """The configuration that *layers*, in rising precedence, and then *overrides* give.

    :raises ConfigError: lists every value that is wrong, with its path and origin.
    """
    layers, overrides = settle_objectives(layers, overrides, SECTION)
    if not any(map(_is_of_space, overrides)):
        layers = _with_space_problems(layers)
    structured, _ = build_sections({SECTION: StudyConfig}, layers, overrides)
    config: StudyConfig = structured[SECTION]
    return config


def _is_of_space(override: str | Assignment) -> bool:
    return path_of(override).removeprefix(f"{SECTION}.").split(".")[0] == SPACE


def _with_space_problems(layers: Sequence[Layer]) -> list[Layer]:
    """*layers*, of which the last one that has a space says what is wrong with it; it is the one that holds."""
    found = list(layers)
    for place in reversed(range(len(found))):
        values = found[place].tree.get(SECTION)
        if isinstance(values, Mapping) and SPACE in values:
            if isinstance(values[SPACE], Mapping):
                problems = space_problems(found[place], f"{SECTION}.{SPACE}")
                found[place] = attrs.evolve(found[place], problems=(*found[place].problems, *problems))
            break
    return found


def stored_config(record: StudyRecord, overrides: Sequence[str | Assignment] = ()) -> StudyConfig:
    """The configuration that a store keeps, with *overrides* laid over it.

    :raises ConfigError: as :func:`build_study` does.
    """
    layer = Layer(tree={SECTION: record.configuration}, source=f"study {record.name}")
    return build_study([layer], overrides)


def plain_study(config: StudyConfig) -> Mapping[str, Any]:
    """*config* in JSON types only, for a store."""
    values: dict[str, Any] = plain(config)
    values["objectives"] = [attrs.asdict(one) for one in config.objectives]
    values["resources"] = attrs.asdict(config.resources)
    return values


def target_of(config: StudyConfig) -> dict[str, Any]:
    """What workers are told of what they train."""
    return {
        "name": config.trainer,
        "arguments": config.script_arguments,
        "options": config.script_options,
    }


def settled(config: StudyConfig) -> StudyConfig:
    """*config* as it can be driven from any folder: with a name, and every path absolute."""
    return attrs.evolve(
        config,
        name=config.name or made_name(_label(config.trainer)),
        trainer=_absolute_trainer(config.trainer),
        config=[str(Path(file).absolute()) for file in config.config],
        configurations=[str(Path(file).absolute()) for file in config.configurations],
        directory=str(Path(config.directory or ".").absolute()),
    )


def _absolute_trainer(trainer: str) -> str:
    place, colon, attribute = trainer.rpartition(":")
    if colon and place.endswith(".py"):
        return f"{Path(place).absolute()}:{attribute}"
    return str(Path(trainer).absolute()) if trainer.endswith((".py", ".sh")) else trainer


def made_name(label: str) -> str:
    """A name for a study without one."""
    return f"{label}-{datetime.now(UTC):%Y%m%d-%H%M%S}"


def _label(trainer: str) -> str:
    place, _, attribute = trainer.rpartition(":")
    return attribute if place else Path(trainer).stem
