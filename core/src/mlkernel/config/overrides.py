"""``path.to.key=value``: finding the option that a path names, and reading the value by the option's type."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkernel.config.layers import Assignment
from mlkernel.config.option_rows import option_paths
from mlkernel.config.option_types import admits_null, choices, config_class_in, config_fields, members
from mlkernel.config.option_view import chosen_in
from mlkernel.config.problems import Problem
from mlkernel.config.secret import Secret
from mlkernel.config.unknown_key import unknown_key


def parse_override(
    text: str, sections: Mapping[str, type], origin: str = "command line"
) -> Assignment | Problem:
    """Read one ``path=value``.

    The value of a text option is everything after the first ``=``, as it is. Any other value is a literal: ``3``,
    ``1e-3``, ``true``, ``null``, ``[64, 64]``, ``{gravity: 9.8}``; words in lists and tables need no quotes.
    """
    path, equals, value = text.partition("=")
    origin = f"{origin}: {text}"
    if not equals:
        return Problem(path="", message="an override is written path=value", origin=origin)
    located = locate(path.strip(), sections)
    if isinstance(located, Problem):
        secret_safe = f"{origin.partition('=')[0]}=..."
        return Problem(
            path=located.path, message=located.message, origin=secret_safe, suggestion=located.suggestion
        )
    full_path, option_type = located
    if Secret in members(option_type):
        origin = f"{origin.partition('=')[0]}=..."
    return Assignment(path=full_path, value=parse_value(value, option_type), origin=origin)


def full_words(path: str, sections: Mapping[str, type]) -> list[str]:
    """The words of *path*, whose section may be left out if it is the first one."""
    words = path.split(".")
    return words if words[0] in sections else [next(iter(sections)), *words]


def locate(path: str, sections: Mapping[str, type]) -> tuple[str, Any] | Problem:
    """The full path and the type of the option that *path* names."""
    words = full_words(path, sections)
    option_type: Any = sections[words[0]]
    for depth, word in enumerate(words[1:], start=1):
        inner = _type_within(option_type, word)
        if inner is None:
            return _unknown(words, depth, option_type, sections)
        option_type = inner
    return ".".join(words), option_type


def _type_within(option_type: Any, word: str) -> Any:
    nested = config_class_in(option_type)
    if nested is not None:
        return next((field.type for field in config_fields(nested) if field.name == word), None)
    for member in members(option_type):
        if member is Any:
            return Any
        if (typing.get_origin(member) or member) is dict:
            return (typing.get_args(member) or (str, Any))[1]
    return None


def _unknown(words: list[str], depth: int, option_type: Any, sections: Mapping[str, type]) -> Problem:
    path = ".".join(words[: depth + 1])
    nested = config_class_in(option_type)
    if nested is None:
        message = f"{'.'.join(words[:depth])} has no keys"
        return Problem(path=path, message=message)
    # Where the section may be left out, the name of another one may have been meant.
    others = list(sections)[1:] if depth == 1 and words[0] == next(iter(sections)) else []
    return unknown_key(nested, words[depth], path, option_paths(sections), others)


def parse_value(text: str, option_type: Any) -> Any:
    """Read the right-hand side of an override as a value for an option of this type; JSON types only."""
    alternatives = members(option_type)
    if set(alternatives) <= {str, Path, Secret}:
        return text
    if any(map(chosen_in, alternatives)) and not text.lstrip().startswith("{"):
        return text
    value = _literal(text)
    listed = choices(option_type)
    if text in listed and not any(type(choice) is type(value) and choice == value for choice in listed):
        return text
    if isinstance(value, str) or str not in alternatives:
        return value
    return value if _fits(value, alternatives) else text


def _fits(value: Any, alternatives: tuple[Any, ...]) -> bool:
    """Whether an alternative other than text takes a value of this sort."""
    if Any in alternatives or value is None:
        return Any in alternatives or admits_null(typing.Union[alternatives])  # noqa: UP007 - made at run time
    if isinstance(value, list | dict):
        return any(
            (typing.get_origin(a) or a) in (list, tuple, dict) or config_class_in(a) for a in alternatives
        )
    admitted = {bool: (bool,), int: (int, float), float: (float,)}[type(value)]
    return any(a in admitted or value in choices(a) for a in alternatives)


def format_value(value: Any, option_type: Any) -> str:
    """Write a plain value so that :func:`parse_value` reads it back."""
    if isinstance(value, str) and parse_value(value, option_type) == value:
        return value
    return json.dumps(value)


NUMBER = re.compile(r"[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[-+]?\d+)?", re.IGNORECASE)
NOT_FINITE = re.compile(r"[-+]?(inf|nan)", re.IGNORECASE)


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    stripped = text.strip()
    return _bracketed(stripped) if stripped.startswith(("[", "{")) else _scalar(text)


def _scalar(word: str) -> Any:
    """A word: null, a truth value, a number or, if nothing else, text."""
    constants = {
        "null": None,
        "none": None,
        "None": None,
        "true": True,
        "True": True,
        "false": False,
        "False": False,
    }
    stripped = word.strip()
    if stripped in constants:
        return constants[stripped]
    if NUMBER.fullmatch(stripped) or NOT_FINITE.fullmatch(stripped):
        for number in (int, float):
            try:
                return number(stripped)
            except ValueError:
                continue
    return word


def _bracketed(text: str) -> Any:
    """A list or table whose words have no quotes: YAML gives the structure, words are read as everywhere else."""
    import yaml

    def value_of(node: Any) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return [value_of(entry) for entry in node.value]
        if isinstance(node, yaml.MappingNode):
            return {str(key.value): value_of(entry) for key, entry in node.value}
        return node.value if node.style else _scalar(node.value)

    try:
        return value_of(yaml.compose(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return text
