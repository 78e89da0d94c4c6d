"""The objectives of a study as ``metric`` and ``mode``, each of which a later source may say anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from attrs import define

from mlkernel.config.layers import Assignment, Layer
from mlkernel.config.overrides import parse_value
from mlkernel.config.problems import Problem

OBJECTIVES, METRIC, MODE = "objectives", "metric", "mode"
LOSS, MIN = "loss", "min"
"""What is optimised, and how, unless something else is said."""


def settle_objectives(
    layers: Sequence[Layer], overrides: Sequence[str | Assignment], section: str
) -> tuple[list[Layer], list[str | Assignment]]:
    """*layers* and *overrides* without ``metric`` and ``mode``: a last layer has the objectives that they mean.

    Each of the two holds until a later layer, or the overrides, say it anew, and ``objectives`` says both. The last
    layer has a problem where they do not fit together.
    """
    said = _Said(section)
    rest = [said.hear(layer) for layer in layers]
    typed, others = _typed(overrides, section)
    said.hear(typed)
    return [*rest, said.settled()], others


def path_of(override: str | Assignment) -> str:
    """The path of a value of the command line, as it was typed."""
    return override.path if isinstance(override, Assignment) else override.partition("=")[0].strip()


@define
class _Said:
    """What was said so far."""

    section: str
    metrics: list[Any] | None = None
    modes: list[Any] | None = None
    is_short: bool = False
    """Whether what holds was said, at least in part, by the two short keys."""
    origins: dict[str, str] = attrs.field(factory=dict)
    problems: list[Problem] = attrs.field(factory=list)

    def hear(self, layer: Layer) -> Layer:
        """Take over what *layer* says, and return the rest of it."""
        values = layer.tree.get(self.section)
        if not isinstance(values, Mapping):
            return layer
        given = [name for name in (METRIC, MODE) if name in values]
        if OBJECTIVES in values:
            self._hear_objectives(layer, values[OBJECTIVES], given)
        else:
            self._hear_short(layer, {name: values[name] for name in given})
        rest = {key: value for key, value in values.items() if key not in given}
        return attrs.evolve(layer, tree={**layer.tree, self.section: rest}) if given else layer

    def _hear_objectives(self, layer: Layer, value: Any, given: Sequence[str]) -> None:
        pairs = [one for one in _listed(value) if isinstance(one, Mapping)]
        self.metrics = [one.get(METRIC) for one in pairs]
        self.modes = [one.get(MODE, MIN) for one in pairs] if any(MODE in one for one in pairs) else None
        self.is_short = False
        origin = layer.origin_of(f"{self.section}.{OBJECTIVES}")
        self.origins = {METRIC: origin, MODE: origin}
        if given:
            fault, advice = "says again what objectives says", "give one of the two"
            self.problems.append(
                self._problem(given[0], fault, layer.origin_of(self._path(given[0])), advice)
            )

    def _hear_short(self, layer: Layer, given: Mapping[str, Any]) -> None:
        if METRIC in given:
            self.metrics = _listed(given[METRIC])
        if MODE in given:
            self.modes = _listed(given[MODE])
        self.is_short = self.is_short or bool(given)
        self.origins |= {name: layer.origin_of(self._path(name)) for name in given}

    def settled(self) -> Layer:
        """The objectives that hold, if they are not those of a layer that says ``objectives``; and what is wrong."""
        pairs = self._pairs() if self.is_short else None
        origins = {
            f"{self._path(OBJECTIVES)}[{place}].{name}": origin
            for place in range(len(pairs or []))
            for name, origin in self.origins.items()
        }
        source = self.origins.get(METRIC) or self.origins.get(MODE, "")
        return Layer(
            tree={} if pairs is None else {self.section: {OBJECTIVES: pairs}},
            source=source,
            origins={self._path(OBJECTIVES): source, **origins},
            problems=tuple(self.problems),
        )

    def _pairs(self) -> list[dict[str, Any]] | None:
        metrics = [LOSS] if self.metrics is None else self.metrics
        modes = [MIN] * len(metrics) if self.modes is None else self.modes
        if len(modes) != len(metrics):
            fault = f"{len(modes)} given, and {len(metrics)} of metric"
            where = self.origins.get(METRIC)
            fault += f" ({where})" if where and where != self.origins[MODE] else ""
            self.problems.append(
                self._problem(MODE, fault, self.origins[MODE], "give one mode for each metric")
            )
            return None
        return [{METRIC: metric, MODE: mode} for metric, mode in zip(metrics, modes, strict=True)]

    def _path(self, name: str) -> str:
        return f"{self.section}.{name}"

    def _problem(self, name: str, fault: str, origin: str, advice: str) -> Problem:
        return Problem(path=self._path(name), message=fault, origin=origin, suggestion=advice)


def _typed(overrides: Sequence[str | Assignment], section: str) -> tuple[Layer, list[str | Assignment]]:
    """What the command line says of objectives as a layer, and the overrides that it leaves to others.

    ``objectives`` is heard here, and yet left to be read like any other option.
    """
    others: list[str | Assignment] = []
    tree: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for override in overrides:
        name = path_of(override).removeprefix(f"{section}.")
        if name not in (METRIC, MODE):
            others.append(override)
        if name not in (METRIC, MODE, OBJECTIVES):
            continue
        if isinstance(override, Assignment):
            value, origin = override.value, override.origin
        else:
            value, origin = parse_value(override.partition("=")[2], Any), f"command line: {override}"
        tree[name] = [*tree.get(name, []), *_listed(value)]
        origins[f"{section}.{name}"] = origin
    return Layer(tree={section: tree}, source="command line", origins=origins), others


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
