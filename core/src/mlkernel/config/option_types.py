"""The types that options may have: what they are made of and what they are called."""

from __future__ import annotations

import types
import typing
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union

import attrs
from attrs import NOTHING, Factory

from mlkernel.config.choice import Choice
from mlkernel.config.secret import Secret
from mlkernel.errors import PluginError

NAMES: dict[Any, str] = {
    Any: "any", None: "null", types.NoneType: "null", Path: "path", Secret: "secret"
}  # fmt: skip


@cache
def config_fields(config_class: type) -> tuple[attrs.Attribute[Any], ...]:
    """The options of a configuration class, with their types resolved.

    :raises PluginError: when it is no attrs class, or an annotation names something that its module does not have.
    """
    if not attrs.has(config_class):
        raise PluginError(
            f"{config_class!r} is no configuration class", hint="decorate it with attrs.frozen(kw_only=True)"
        )
    try:
        attrs.resolve_types(config_class)
    except NameError as error:
        raise PluginError(
            f"the types of {config_class.__module__}.{config_class.__qualname__} cannot be resolved: {error}",
            hint="import it in that module, outside of TYPE_CHECKING",
        ) from error
    return tuple(field for field in attrs.fields(config_class) if field.init)


def default_of(option: attrs.Attribute[Any]) -> Any:
    """The default that the declaration gives; ``attrs.NOTHING`` when it has none, or one that depends on others."""
    default: Any = option.default
    if isinstance(default, Factory):  # type: ignore[arg-type] # typeshed has it as a function
        return NOTHING if default.takes_self else default.factory()
    return default


def members(option_type: Any) -> tuple[Any, ...]:
    """The alternatives of a union; of any other type, the type itself."""
    if typing.get_origin(option_type) in (Union, types.UnionType):
        return typing.get_args(option_type)
    return (option_type,)


def admits_null(option_type: Any) -> bool:
    """Whether ``None`` is a value of it."""
    return any(member in (None, types.NoneType, Any) for member in members(option_type))


def admits_text(option_type: Any) -> bool:
    """Whether any text is a value of it."""
    return any(member in (str, Path, Any) for member in members(option_type))


def config_class_in(option_type: Any) -> type | None:
    """The configuration class that values of this type are built from; ``None`` when it is no nested one."""
    classes = [member for member in members(option_type) if isinstance(member, type) and _is_config(member)]
    return classes[0] if len(classes) == 1 else None


def _is_config(candidate: type) -> bool:
    return attrs.has(candidate) and candidate not in (Secret, Choice)


def is_configuration(value: Any) -> bool:
    """Whether it is an instance of a configuration class."""
    return _is_config(type(value))


def choices(option_type: Any) -> tuple[Any, ...]:
    """The plain values of its Literals and Enums, in the order of declaration."""
    found: list[Any] = []
    for member in members(option_type):
        if typing.get_origin(member) is Literal:
            found.extend(typing.get_args(member))
        elif isinstance(member, type) and issubclass(member, Enum):
            found.extend(choice.value for choice in member)
    return tuple(found)


def type_name(option_type: Any) -> str:
    """As people write it: ``float``, ``list[int]``, ``clip|kl``, ``text or null``."""
    return " | ".join(_member_name(member) for member in members(option_type))


def _member_name(member: Any) -> str:
    if member_choices := choices(member):
        return " | ".join(str(choice) for choice in member_choices)
    if member in NAMES:
        return NAMES[member]
    arguments = typing.get_args(member)
    if not arguments:
        return str(getattr(member, "__name__", member))
    inner = ", ".join("..." if argument is Ellipsis else type_name(argument) for argument in arguments)
    return f"{typing.get_origin(member).__name__}[{inner}]"
