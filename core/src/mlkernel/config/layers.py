"""Where values come from, and how the later ones lie over the earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from attrs import NOTHING, field, frozen

from mlkernel.config.choice import Choice
from mlkernel.config.option_types import (
    admits_null,
    admits_text,
    config_class_in,
    config_fields,
    is_configuration,
)
from mlkernel.config.option_view import USE, chosen_in, default_in, instance_in
from mlkernel.config.problems import Problem
from mlkernel.config.secret import Secret

DEFAULT = "default"


@frozen(kw_only=True)
class Layer:
    """Values of one source, such as a file."""

    tree: Mapping[str, Any]
    """Sections and their values; JSON types only."""
    source: str
    """Where they are from, such as ``ppo.toml``."""
    origins: Mapping[str, str] = field(factory=dict)
    """Path of a value → where exactly, such as ``ppo.toml:3``."""
    problems: tuple[Problem, ...] = ()
    """What was found wrong while reading."""
    null_word: str | None = None
    """The text that means null, in a format that has no null, wherever the option admits null but not text."""

    def origin_of(self, path: str) -> str:
        """Where the value at *path* stands, as exactly as is known."""
        return origin_of(path, self.origins, otherwise=self.source)


@frozen(kw_only=True)
class Assignment:
    """One value laid over all layers, such as a ``path=value`` of the command line."""

    path: str
    """Full path, with its section."""
    value: Any
    """JSON types only; replaces what was there."""
    origin: str
    """Such as ``command line: lr=3e-4`` or ``trial 17``."""


class LayeredTree:
    """The values of all sections, each with its origin: defaults first, later layers over them.

    Only nested configuration classes are merged key by key; any other value, lists and tables included, replaces
    the one beneath it.
    """

    def __init__(self, sections: Mapping[str, type]) -> None:
        self.sections = dict(sections)
        self.tree: dict[str, Any] = {name: default_tree(section) for name, section in sections.items()}
        self.origins: dict[str, str] = {}

    def add_layer(self, layer: Layer) -> None:
        """Lay all values of *layer* over what is there."""
        self._merge(self.tree, layer.tree, dict(self.sections), "", layer)

    def assign(self, assignment: Assignment) -> None:
        """Lay one value over what is there; its path must exist, and the types on the way are not checked."""
        *parents, last = assignment.path.split(".")
        types: dict[str, Any] = dict(self.sections)
        table = self.tree
        for word in parents:
            nested = config_class_in(types.get(word))
            if not isinstance(table.get(word), dict):
                table[word] = default_tree(nested) if nested else {}
            table = table[word]
            types = _field_types(nested) if nested else {}
        path = assignment.path
        if isinstance(assignment.value, str) and chosen_in(config_class_in(types.get(last))):
            table, last, path = table[last], USE, f"{path}.{USE}"  # the name: options given before it stay
        self._replace(table, last, assignment.value, path)
        self.origins[path] = assignment.origin

    def origin_of(self, path: str) -> str:
        """Where the value at *path* was given."""
        return origin_of(path, self.origins)

    def has(self, path: str) -> bool:
        """Whether there is a value at *path*, which may lead into tables."""
        table: Any = self.tree
        for word in path.partition("[")[0].split("."):
            if not isinstance(table, Mapping) or word not in table:
                return False
            table = table[word]
        return True

    def _merge(
        self,
        table: dict[str, Any],
        values: Mapping[str, Any],
        types: Mapping[str, Any],
        prefix: str,
        layer: Layer,
    ) -> None:
        for key, value in values.items():
            path = f"{prefix}{key}"
            nested = config_class_in(types.get(key))
            if nested is not None and isinstance(value, Mapping):
                if not isinstance(table.get(key), dict):
                    table[key] = default_tree(nested)
                self._merge(table[key], value, _field_types(nested), f"{path}.", layer)
            else:
                self._replace(table, key, _null_or(value, types.get(key), layer.null_word), path)
                self._note_origins(path, layer)

    def _replace(self, table: dict[str, Any], key: str, value: Any, path: str) -> None:
        table[key] = value
        for known in [known for known in self.origins if _within(known, path)]:
            del self.origins[known]

    def _note_origins(self, path: str, layer: Layer) -> None:
        self.origins[path] = layer.origin_of(path)
        self.origins |= {known: origin for known, origin in layer.origins.items() if _within(known, path)}


def origin_of(path: str, origins: Mapping[str, str], otherwise: str = DEFAULT) -> str:
    """Where the value at *path* was given; of a value inside a list or table, where that was."""
    while path:
        if path in origins:
            return origins[path]
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return otherwise


def default_tree(config_class: type, instance: Any = NOTHING) -> dict[str, Any]:
    """The defaults of a configuration class as plain values; required options are absent.

    A nested class is written out in full, so that setting one of its options keeps the others as the outer
    class wants them.

    :param instance: what the outer class gives as the default, if it does.
    """
    tree: dict[str, Any] = {}
    for option in config_fields(config_class):
        default = default_in(option, instance)
        nested = config_class_in(option.type)
        inner = NOTHING if nested is None else instance_in(default, nested)
        is_required = option.default is NOTHING and default is NOTHING
        if nested is not None and (inner is not NOTHING or is_required or chosen_in(nested)):
            tree[option.name] = default_tree(nested, inner)
        elif default is not NOTHING:
            tree[option.name] = plain(default)
    return tree


def plain(value: Any) -> Any:
    """A configuration, or any value of one, in JSON types only."""
    if is_configuration(value):
        config_class: type = type(value)
        return {option.name: plain(getattr(value, option.name)) for option in config_fields(config_class)}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return _plain_leaf(value)


def has_null(value: Any) -> bool:
    """Whether *value*, in JSON types only, is or holds a null."""
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or any(has_null(entry) for entry in entries)


def _plain_leaf(value: Any) -> Any:
    match value:
        case Secret():
            return value.reference
        case Choice():
            return _plain_choice(value)
        case Enum():
            return plain(value.value)
        case Path():
            return str(value)
    return value


def _plain_choice(chosen: Choice) -> dict[str, Any]:
    version = chosen.component().descriptor.config_version
    versioned = {"config_version": version} if version > 1 else {}
    return {USE: chosen.name, **versioned, **(plain(chosen.config) or {})}


def _field_types(config_class: type) -> dict[str, Any]:
    return {option.name: option.type for option in config_fields(config_class)}


def _within(path: str, ancestor: str) -> bool:
    return path == ancestor or path.startswith((f"{ancestor}.", f"{ancestor}["))


def _null_or(value: Any, option_type: Any, null_word: str | None) -> Any:
    means_null = null_word is not None and value == null_word
    return None if means_null and admits_null(option_type) and not admits_text(option_type) else value
