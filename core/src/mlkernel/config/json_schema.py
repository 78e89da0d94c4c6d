"""The JSON Schema of a configuration file, for editors and for programs that write such files."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import NOTHING

from mlkernel.config.choice import Choice
from mlkernel.config.layers import plain
from mlkernel.config.limits import choices_of, limits
from mlkernel.config.option import HELP
from mlkernel.config.option_types import choices, config_class_in, config_fields, default_of, members
from mlkernel.config.option_view import USE, ChosenComponent, chosen_in
from mlkernel.config.problems import raise_problems
from mlkernel.config.secret import Secret
from mlkernel.config.sections import FILE_VERSION, sections_of, settle

SCALARS: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    Path: {"type": "string"},
    Secret: {"type": "string", "pattern": "^env:.+"},
    types.NoneType: {"type": "null"},
    Any: {},
}
KEYWORDS = {
    ">=": "minimum", ">": "exclusiveMinimum", "<=": "maximum", "<": "exclusiveMaximum",
}  # fmt: skip
LENGTH_KEYWORDS = {
    "string": {"length >=": "minLength", "length <=": "maxLength"},
    "array": {"length >=": "minItems", "length <=": "maxItems"},
    "object": {"length >=": "minProperties", "length <=": "maxProperties"},
}


def json_schema(trainer_class: type | None, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) of the configuration files of a trainer with this configuration class.

    :param overrides: choose components, whose options are then described in full; those of others are not checked.
    :raises ConfigError: a component that is chosen is not installed.
    """
    settled = settle(sections_of(trainer_class), overrides=overrides)
    raise_problems(settled.problems)
    sections = {name: _class_schema(section) for name, section in settled.sections.items()}
    trainer = sections["trainer"]["properties"]
    sections["trainer"]["properties"] = {
        "use": {"type": "string", "description": "The trainer's name."},
        "config_version": {
            "type": "integer",
            "minimum": 1,
            "description": "Version of the trainer's options.",
        },
        **trainer,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"version": {"const": FILE_VERSION}, **sections},
        "additionalProperties": False,
    }


def _class_schema(config_class: type) -> dict[str, Any]:
    """Nothing is required: overrides may follow, and a nested class is merged over the outer class's default."""
    properties = {option.name: _option_schema(option) for option in config_fields(config_class)}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _choice_schema(view: type, chosen: ChosenComponent) -> dict[str, Any]:
    """The name alone, or a table for the chosen component, or one for another that it names."""
    own = _class_schema(view)
    own["properties"][USE] = {**own["properties"][USE], "const": chosen.name}
    other = {USE: {"type": "string", "not": {"const": chosen.name}}}
    return {"anyOf": [{"type": "string"}, own, {"type": "object", "properties": other, "required": [USE]}]}


def _option_schema(option: attrs.Attribute[Any]) -> dict[str, Any]:
    schema = _with_limits(_type_schema(option.type), option.validator)
    if allowed := choices_of(option.validator):
        schema = {"allOf": [schema, {"enum": [plain(choice) for choice in allowed]}]}
    if option.metadata.get(HELP):
        schema["description"] = option.metadata[HELP]
    default = default_of(option)
    if isinstance(default, Choice):
        schema["default"] = default.name
    elif default is not NOTHING:
        schema["default"] = plain(default)
    return schema


def _type_schema(option_type: Any) -> dict[str, Any]:
    alternatives = [_member_schema(member) for member in members(option_type)]
    return alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}


def _member_schema(member: Any) -> dict[str, Any]:
    if nested := config_class_in(member):
        chosen = chosen_in(nested)
        return _class_schema(nested) if chosen is None else _choice_schema(nested, chosen)
    if allowed := choices(member):
        return {"enum": list(allowed)}
    container = typing.get_origin(member) or member
    arguments = typing.get_args(member)
    if container is dict:
        return {"type": "object", "additionalProperties": _type_schema(arguments[1]) if arguments else {}}
    if container is tuple and arguments and Ellipsis not in arguments:
        items = [_type_schema(argument) for argument in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if container in (list, tuple):
        return {"type": "array", "items": _type_schema(arguments[0])} if arguments else {"type": "array"}
    return dict(SCALARS.get(member, {}))


def _with_limits(schema: dict[str, Any], validator: Any) -> dict[str, Any]:
    bounds = limits(validator)
    for part in schema.get("anyOf", [schema]):
        numeric = part.get("type") in ("integer", "number")
        keywords = KEYWORDS if numeric else LENGTH_KEYWORDS.get(part.get("type", ""), {})
        part |= {keywords[operator]: bound for operator, bound in bounds.items() if operator in keywords}
    return schema
