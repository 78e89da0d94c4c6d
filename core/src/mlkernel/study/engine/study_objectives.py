"""The objectives of a study as ``metric`` and ``mode``, which are written as the options of these names are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from mlkernel.config.layers import Assignment, Layer
from mlkernel.config.overrides import parse_value
from mlkernel.config.problems import Problem

OBJECTIVES, METRIC, MODE = "objectives", "metric", "mode"


def take_objectives(
    overrides: Sequence[str | Assignment], section: str
) -> tuple[list[str | Assignment], Layer | None]:
    """Part the words ``metric=...`` and ``mode=...`` from *overrides*: the others, and the layer that they are.

    The layer has a problem where one of the others says what is optimised, too.
    """
    others: list[str | Assignment] = []
    tree: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for override in overrides:
        name = path_of(override).removeprefix(f"{section}.")
        if isinstance(override, str) and name in (METRIC, MODE):
            tree[name] = [*tree.get(name, []), *_listed(parse_value(override.partition("=")[2], Any))]
            origins[f"{section}.{name}"] = f"command line: {override}"
        else:
            others.append(override)
    if not tree:
        return others, None
    if OBJECTIVES in (path_of(one).removeprefix(f"{section}.") for one in others):
        tree[OBJECTIVES] = []
    return others, with_objectives(
        Layer(tree={section: tree}, source="command line", origins=origins), section
    )


def path_of(override: str | Assignment) -> str:
    """The path of a value of the command line, as it was typed."""
    return override.path if isinstance(override, Assignment) else override.partition("=")[0].strip()


def with_objectives(layer: Layer, section: str) -> Layer:
    """*layer* with the objectives that the keys ``metric`` and ``mode`` of its *section* mean."""
    values = layer.tree[section]
    given = [name for name in (METRIC, MODE) if isinstance(values, Mapping) and name in values]
    if not given:
        return layer
    rest = {key: value for key, value in values.items() if key not in given}
    if OBJECTIVES in rest:
        return _refused(
            layer, section, rest, given[0], "says again what objectives says", "give one of the two"
        )
    metrics = _listed(values.get(METRIC, []))
    modes = _listed(values.get(MODE, ["min"] * len(metrics)))
    if len(metrics) != len(modes):
        fault = f"{len(modes)} given, and {len(metrics)} of metric"
        return _refused(layer, section, rest, MODE, fault, "give one mode for each metric")
    pairs = [{METRIC: metric, MODE: mode} for metric, mode in zip(metrics, modes, strict=True)]
    places = {
        f"{section}.{OBJECTIVES}[{place}].{name}": layer.origin_of(f"{section}.{name}")
        for place in range(len(pairs))
        for name in given
    }
    places[f"{section}.{OBJECTIVES}"] = layer.origin_of(f"{section}.{METRIC}")
    return attrs.evolve(
        layer, tree={**layer.tree, section: {**rest, OBJECTIVES: pairs}}, origins={**layer.origins, **places}
    )


def _refused(
    layer: Layer, section: str, rest: Mapping[str, Any], name: str, fault: str, advice: str
) -> Layer:
    path = f"{section}.{name}"
    problem = Problem(path=path, message=fault, origin=layer.origin_of(path), suggestion=advice)
    return attrs.evolve(layer, tree={**layer.tree, section: rest}, problems=(*layer.problems, problem))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
