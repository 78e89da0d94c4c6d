"""Files written for an older version of a trainer's configuration class."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from mlkernel.config.layers import Layer
from mlkernel.config.option_view import RESERVED
from mlkernel.config.problems import Problem
from mlkernel.descriptors import Descriptor
from mlkernel.discovery.loading import load_attribute
from mlkernel.errors import PluginError


def migrated(layer: Layer, descriptor: Descriptor | None, path: str = "trainer") -> Layer:
    """The same layer with the options at *path* brought up to the descriptor's ``config_version``.

    Without ``config_version`` beside them they are taken to be up to date.

    :param path: of a section, or of a choice in one.
    """
    table = _table(layer.tree, path)
    if descriptor is None or "config_version" not in table:
        return layer
    version = table["config_version"]
    if version == descriptor.config_version:
        return layer
    if type(version) is not int or not 1 <= version < descriptor.config_version or descriptor.migrate is None:
        return _refused(layer, version, descriptor, path)
    values = {key: copy.deepcopy(value) for key, value in table.items() if key not in RESERVED}
    new_values = _migrate(descriptor, values, version)
    origin = f"{layer.source}, migrated from version {version}"
    origins = dict.fromkeys(_paths(new_values, path), origin) | dict(layer.origins)
    kept = {key: table[key] for key in RESERVED if key in table}
    current = {**kept, **new_values, "config_version": descriptor.config_version}
    return attrs.evolve(layer, tree=_with_table(layer.tree, path.split("."), current), origins=origins)


def _table(tree: Any, path: str) -> Mapping[str, Any]:
    """The table at *path*; an empty one if there is none."""
    for word in path.split("."):
        tree = tree.get(word) if isinstance(tree, Mapping) else None
    return tree if isinstance(tree, Mapping) else {}


def _with_table(tree: Mapping[str, Any], words: list[str], table: dict[str, Any]) -> dict[str, Any]:
    first, *rest = words
    return {**tree, first: _with_table(tree[first], rest, table) if rest else table}


def _refused(layer: Layer, version: Any, descriptor: Descriptor, path: str) -> Layer:
    if type(version) is int and version > descriptor.config_version:
        suggestion = f"upgrade the package of {descriptor.name}"
    else:
        suggestion = f"write the values anew as --help lists them for {descriptor.name}"
    problem = Problem(
        path=f"{path}.config_version",
        message=f"{descriptor.name} reads version {descriptor.config_version}, not {version!r}",
        origin=layer.origins.get(f"{path}.config_version", layer.source),
        suggestion=suggestion,
    )
    return attrs.evolve(layer, problems=(*layer.problems, problem))


def _migrate(descriptor: Descriptor, values: dict[str, Any], version: int) -> dict[str, Any]:
    migrate = load_attribute(str(descriptor.migrate), asked_by=descriptor.name)
    try:
        new_values = migrate(values, version)
    except Exception as error:
        message = f"{descriptor.migrate} failed on a configuration of version {version}: {error!r}"
        raise PluginError(message, hint=f"report it to the authors of {descriptor.name}") from error
    if not isinstance(new_values, dict):
        raise PluginError(f"{descriptor.migrate} returned {type(new_values).__name__} instead of a dict")
    return new_values


def _paths(values: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key, value in values.items():
        yield f"{prefix}.{key}"
        if isinstance(value, Mapping):
            yield from _paths(value, f"{prefix}.{key}")
