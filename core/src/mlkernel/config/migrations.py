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


def migrated(layer: Layer, descriptor: Descriptor | None) -> Layer:
    """The same layer with its section ``trainer`` brought up to the descriptor's ``config_version``.

    Without ``config_version`` in the section it is taken to be up to date.
    """
    section = layer.tree.get("trainer")
    if descriptor is None or not isinstance(section, Mapping) or "config_version" not in section:
        return layer
    version = section["config_version"]
    if version == descriptor.config_version:
        return layer
    if type(version) is not int or not 1 <= version < descriptor.config_version or descriptor.migrate is None:
        return _refused(layer, version, descriptor)
    values = {key: copy.deepcopy(value) for key, value in section.items() if key not in RESERVED}
    new_values = _migrate(descriptor, values, version)
    origin = f"{layer.source}, migrated from version {version}"
    origins = dict.fromkeys(_paths(new_values, "trainer"), origin) | dict(layer.origins)
    kept = {key: section[key] for key in RESERVED if key in section}
    tree = {**layer.tree, "trainer": {**kept, **new_values, "config_version": descriptor.config_version}}
    return attrs.evolve(layer, tree=tree, origins=origins)


def _refused(layer: Layer, version: Any, descriptor: Descriptor) -> Layer:
    if type(version) is int and version > descriptor.config_version:
        suggestion = f"upgrade the package of {descriptor.name}"
    else:
        suggestion = f"write the values anew as kernel run --trainer {descriptor.name} --help lists them"
    problem = Problem(
        path="trainer.config_version",
        message=f"{descriptor.name} reads version {descriptor.config_version}, not {version!r}",
        origin=layer.origins.get("trainer.config_version", layer.source),
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
