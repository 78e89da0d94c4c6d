"""The text form, as the command line types it: ``trainer.lr=loguniform(1e-5,1e-2)``.

=================================  ====================================================
``lr=loguniform(1e-5, 1e-2)``      a method with its arguments, in their order or named
``hidden=[[64,64],[128]]``         a categorical with these values
``batch=32``                       fixed; texts need no quotes
``C=uniform(0,1) when algo=svm``   active only while another parameter has a value
``d=... when a=[x,y] and b=1``     one of several values; several conditions
=================================  ====================================================
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from mlkernel.config.overrides import parse_value
from mlkernel.errors import ConfigError
from mlkernel.study.space.condition import Condition
from mlkernel.study.space.dimension import Dimension
from mlkernel.study.space.methods import METHODS, POSITIONAL, arguments_of, dimension_class, make_dimension
from mlkernel.study.space.search_space import Parameter
from mlkernel.study.space.value_lists import Categorical, Fixed, categorical_of

CALL = re.compile(r"([A-Za-z_]\w*)\s*\((.*)\)", re.DOTALL)
OPENED = re.compile(r"([A-Za-z_]\w*)\s*\(")
NAMED = re.compile(r"\s*([A-Za-z_]\w*)\s*=(.*)", re.DOTALL)
SYNONYMS = {"choice": "categorical"}
OPENING, CLOSING = "([{", ")]}"


def parse_assignment(text: str) -> Parameter:
    """Read ``name=dimension [when ...]``.

    :raises ConfigError: says what is wrong with it.
    """
    name, equals, right = text.partition("=")
    if not equals:
        raise ConfigError(
            f"{text!r} is no parameter", hint="Write name=dimension, as in lr=loguniform(1e-5,1e-2)."
        )
    if not name.strip():
        raise ConfigError(f"{text!r} has no name before its =")
    return parse_parameter(name.strip(), right)


def parse_parameter(name: str, text: str) -> Parameter:
    """Read ``dimension [when ...]`` as the parameter *name*.

    :raises ConfigError: says what is wrong with it.
    """
    parts = split_outside(text, " when ")
    if len(parts) > 2:
        raise ConfigError("when is written once; further conditions follow after and")
    conditions = parse_conditions(parts[1]) if len(parts) == 2 else ()
    return Parameter(name=name, dimension=parse_dimension(parts[0].strip()), conditions=conditions)


def parse_dimension(text: str) -> Dimension:
    """Read a dimension.

    :raises ConfigError: says what is wrong with it.
    """
    if not text.strip():
        raise ConfigError("no dimension is given", hint=f"There are: {', '.join(METHODS)}.")
    call = CALL.fullmatch(text)
    if call is not None:
        method = SYNONYMS.get(call[1], call[1])
        dimension_class(method)
        return make_dimension(method, _arguments(method, call[2]))
    opened = OPENED.match(text)
    if opened is not None and SYNONYMS.get(opened[1], opened[1]) in METHODS:
        raise ConfigError(
            f"{text} does not end with the bracket that it opens", hint=f"{json.dumps(text)} is the text"
        )
    value = parse_value(text, Any)
    if isinstance(value, list):
        return categorical_of(value)
    if isinstance(value, str) and text.startswith("(") and text.endswith(")"):
        inner = text[1:-1].strip()
        raise ConfigError(
            f"{text} is no dimension",
            hint=f"[{inner}] is a choice, uniform({inner}) a range, and {json.dumps(text)} the text",
        )
    return Fixed(value=value)


def parse_conditions(text: str) -> tuple[Condition, ...]:
    """Read ``parent=value and other=[value, value]``.

    :raises ConfigError: a part has no ``=``.
    """
    conditions = []
    for part in split_outside(text, " and "):
        parent, equals, value = part.partition("=")
        if not equals:
            raise ConfigError(f"the condition {part.strip()!r} is written parameter=value")
        parsed = parse_value(value.strip(), Any)
        conditions.append(
            Condition(parent=parent.strip(), values=parsed if isinstance(parsed, list) else [parsed])
        )
    return tuple(conditions)


def _arguments(method: str, text: str) -> dict[str, Any]:
    names = POSITIONAL[method]
    given: dict[str, Any] = {}
    for place, part in enumerate(split_outside(text, ",")) if text.strip() else ():
        named = NAMED.fullmatch(part)
        if named is None and place >= len(names):
            raise ConfigError(f"{method} takes {', '.join(names)}; {part.strip()} is one too many")
        name, value = (named[1], named[2]) if named else (names[place], part)
        if name in given:
            raise ConfigError(f"{method} is given {name} twice")
        given[name] = parse_value(value.strip(), Any)
    return given


def split_outside(text: str, separator: str) -> list[str]:
    """Split at each *separator* that stands outside of quotes and brackets."""
    ends = [place for place in _outside(text) if text.startswith(separator, place)]
    starts = [0, *(end + len(separator) for end in ends)]
    return [text[start:end] for start, end in zip(starts, [*ends, len(text)], strict=True)]


def _outside(text: str) -> Iterator[int]:
    depth, quote, is_escaped = 0, "", False
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote and not is_escaped else quote
            is_escaped = letter == "\\" and not is_escaped
            continue
        if depth == 0:
            yield place
        if letter == '"':
            quote = letter
        depth += (letter in OPENING) - (letter in CLOSING)


def format_assignment(parameter: Parameter) -> str:
    """Write *parameter* so that :func:`parse_assignment` reads an equal one."""
    return f"{parameter.name}={format_parameter(parameter)}"


def format_parameter(parameter: Parameter) -> str:
    """Write the dimension and the conditions of *parameter*."""
    text = format_dimension(parameter.dimension)
    conditions = [
        f"{condition.parent}={json.dumps(list(condition.values))}" for condition in parameter.conditions
    ]
    return f"{text} when {' and '.join(conditions)}" if conditions else text


def format_dimension(dimension: Dimension) -> str:
    """Write *dimension* so that :func:`parse_dimension` reads an equal one."""
    if isinstance(dimension, Categorical) and not dimension.grid_search:
        return json.dumps(list(dimension.values))
    if isinstance(dimension, Fixed) and not isinstance(dimension.value, list):
        return json.dumps(dimension.value)
    given = arguments_of(dimension)
    names = POSITIONAL[dimension.method]
    words = [json.dumps(given.pop(name)) for name in names]
    words += [f"{name}={json.dumps(value)}" for name, value in given.items()]
    return f"{dimension.method}({', '.join(words)})"
