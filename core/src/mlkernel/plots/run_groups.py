"""Runs of one configuration that differ only in their seed belong to one curve."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from mlkernel.errors import UsageError
from mlkernel.records.run_directory import RunDirectory

LONGEST_DIFFERENCE = 3
"""How many differing values a label names; with more of them the run's name says it shorter."""


@frozen(kw_only=True)
class RunGroup:
    """Runs of one configuration."""

    label: str
    """What tells it from the other groups."""
    directories: tuple[Path, ...]


@frozen
class _Asked:
    directory: Path
    trainer: str
    seed: int | None
    values: Mapping[str, Any]


def flat_configuration(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by dotted path, the paths of overrides."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            flat.update(flat_configuration(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def differing_paths(configurations: Sequence[Mapping[str, Any]]) -> list[str]:
    """Paths whose value is not the same in all of the flat *configurations*, in order of first appearance."""
    paths = dict.fromkeys(path for values in configurations for path in values)
    absent = object()
    return [
        path
        for path in paths
        if any(values.get(path, absent) != configurations[0].get(path, absent) for values in configurations)
    ]


def group_runs(directories: Sequence[Path]) -> list[RunGroup]:
    """Group runs whose trainers were asked for with equal values, in order of first appearance.

    :raises UsageError: the plan of a run cannot be read.
    """
    groups: dict[str, list[_Asked]] = {}
    for asked in map(_read_asked, directories):
        key = json.dumps([asked.trainer, dict(asked.values)], sort_keys=True)
        groups.setdefault(key, []).append(asked)
    firsts = [members[0] for members in groups.values()]
    differences = differing_paths([first.values for first in firsts])
    trainers = {first.trainer for first in firsts}
    return [
        RunGroup(
            label=_label(members, differences, len(trainers) > 1),
            directories=tuple(member.directory for member in members),
        )
        for members in groups.values()
    ]


def _read_asked(directory: Path) -> _Asked:
    path = RunDirectory(directory).plan
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
        config = plan["config"]
        return _Asked(
            directory,
            plan["trainer"]["name"],
            config.get("run", {}).get("seed"),
            flat_configuration(config["trainer"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is no readable plan: {error!r}") from error


def _label(members: list[_Asked], differences: list[str], several_trainers: bool) -> str:
    first = members[0]
    own = [path for path in differences if path in first.values]
    if len(own) > LONGEST_DIFFERENCE:
        label = first.directory.name
    else:
        values = ", ".join(f"{path} = {_text(first.values[path])}" for path in own)
        label = ", ".join(
            part for part in (first.trainer if several_trainers or not own else "", values) if part
        )
    if len(members) == 1:
        return label
    of_seeds = len({member.seed for member in members}) == len(members)
    return f"{label} ({len(members)} {'seeds' if of_seeds else 'runs'})"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
