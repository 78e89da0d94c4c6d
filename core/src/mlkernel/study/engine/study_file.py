"""Study files: TOML, YAML or JSON with the keys of a study, at the top or in a section ``study``.

mle-toolbox's experiments and hpogrid's projects are told by what is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from mlkernel.config.files import read_config_file
from mlkernel.config.layers import Layer
from mlkernel.config.problems import Problem
from mlkernel.errors import ConfigError
from mlkernel.study.engine.hpogrid_study import from_hpogrid_study, is_hpogrid_study
from mlkernel.study.engine.mle_toolbox_study import from_mle_toolbox_study, is_mle_toolbox_study
from mlkernel.study.engine.study_settings import SECTION

OBJECTIVES, METRIC, MODE = "objectives", "metric", "mode"


def read_study_file(path: str | Path) -> Layer:
    """Read a study file as a layer with the section ``study``.

    :raises ConfigError: it cannot be read, or is not of the format that its suffix tells; with line and column.
    """
    layer = read_config_file(path)
    try:
        if is_mle_toolbox_study(layer.tree):
            return attrs.evolve(layer, tree={SECTION: from_mle_toolbox_study(layer.tree)}, origins={})
        if is_hpogrid_study(layer.tree):
            tree = from_hpogrid_study(layer.tree, Path(path))
            return attrs.evolve(layer, tree={SECTION: tree}, origins={})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", hint=error.hint) from error
    if SECTION not in layer.tree:
        tree = {key: value for key, value in layer.tree.items() if key != "version"}
        origins = {f"{SECTION}.{place}": origin for place, origin in layer.origins.items()}
        layer = attrs.evolve(layer, tree={SECTION: tree}, origins=origins)
    return _with_objectives(layer)


def _with_objectives(layer: Layer) -> Layer:
    """*layer* with the objectives that its keys ``metric`` and ``mode`` mean, which are written as the options are."""
    values = layer.tree[SECTION]
    given = [name for name in (METRIC, MODE) if isinstance(values, Mapping) and name in values]
    if not given:
        return layer
    rest = {key: value for key, value in values.items() if key not in given}
    if OBJECTIVES in rest:
        return _refused(layer, rest, given[0], "says again what objectives says", "give one of the two")
    metrics = _listed(values.get(METRIC, []))
    modes = _listed(values.get(MODE, ["min"] * len(metrics)))
    if len(metrics) != len(modes):
        fault = f"{len(modes)} given, and {len(metrics)} of metric"
        return _refused(layer, rest, MODE, fault, "give one mode for each metric")
    pairs = [{METRIC: metric, MODE: mode} for metric, mode in zip(metrics, modes, strict=True)]
    places = {
        f"{SECTION}.{OBJECTIVES}[{place}].{name}": layer.origin_of(f"{SECTION}.{name}")
        for place in range(len(pairs))
        for name in given
    }
    places[f"{SECTION}.{OBJECTIVES}"] = layer.origin_of(f"{SECTION}.{METRIC}")
    return attrs.evolve(
        layer, tree={**layer.tree, SECTION: {**rest, OBJECTIVES: pairs}}, origins={**layer.origins, **places}
    )


def _refused(layer: Layer, rest: Mapping[str, Any], name: str, fault: str, advice: str) -> Layer:
    path = f"{SECTION}.{name}"
    problem = Problem(path=path, message=fault, origin=layer.origin_of(path), suggestion=advice)
    return attrs.evolve(layer, tree={**layer.tree, SECTION: rest}, problems=(*layer.problems, problem))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
