"""What the options of ``kernel config create|recreate|update`` say, as a layer of a study."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlkernel.config.layers import Layer
from mlkernel.config.overrides import parse_value
from mlkernel.errors import ConfigError, UsageError
from mlkernel.study.engine.study_settings import SECTION
from mlkernel.study.pieces.hpogrid_piece import (
    GRID,
    IGNORED,
    STUDY,
    launcher_values,
    model_values,
    study_values,
)

COMMAND_LINE = "command line"
TABLES = {"algorithm_param", "scheduler_param", "stop", "resource", "param", "extra"}
NUMBERS = {"num_trials", "max_concurrent", "seed", "seeds", "max_step"}


def layer_of_options(kind: str, arguments: argparse.Namespace, former: Mapping[str, Any]) -> Layer:
    """The values that the options give.

    :param former: what the piece said before, of which an option may change a part.
    :raises ConfigError: an option is not of the form that it should have.
    """
    values = READING[kind](arguments, former)
    return Layer(tree={SECTION: values}, source=COMMAND_LINE)


def overrides_of(kind: str, arguments: argparse.Namespace) -> list[str]:
    """The words ``path=value``; those of a space are its parameters instead."""
    return [] if kind == "space" else [f"{SECTION}.{word}" for word in arguments.words]


def table_of_json(text: str, option: str) -> dict[str, Any]:
    """Read a table, as JSON or with words that have no quotes.

    :raises ConfigError: it is none; says where it is broken.
    """
    value = parse_value(text, Any)
    if isinstance(value, dict):
        return value
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{option}: not valid JSON: {error.msg} at character {error.pos + 1} of {text!r:.200}",
            hint="""Write a table such as '{"a": 1}'.""",
        ) from error
    raise ConfigError(f"{option}: a table expected, not {text}", hint="""Write one such as '{"a": 1}'.""")


def _study(arguments: argparse.Namespace, former: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(_given(arguments, STUDY))
    for name in IGNORED.keys() & given.keys():
        print(f"note: --{name} is not needed: {IGNORED[name]}", file=sys.stderr)
    if ("metric" in given) != ("mode" in given):
        # Of an objective, one half can be changed alone.
        given = {**_halves(former.get("objectives", [])), **given}
    values = study_values(given)
    return values | dict(_given(arguments, ("seed", "seeds", "max_step")))


def _halves(objectives: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    halves = {name: [one[name] for one in objectives] for name in ("metric", "mode")}
    return halves if len(objectives) == 1 else {}


def _space(arguments: argparse.Namespace, former: Mapping[str, Any]) -> dict[str, Any]:
    del former
    table: dict[str, Any] = {}
    if arguments.search_space is not None:
        table |= table_of_json(arguments.search_space, "--search_space")
    for word in arguments.words:
        table |= _dimensions(word)
    if arguments.constraint:
        table["constraints"] = [*table.get("constraints", []), *arguments.constraint]
    return {"space": table} if table else {}


def _dimensions(word: str) -> dict[str, Any]:
    if word.lstrip().startswith("{"):
        return table_of_json(word, "the space")
    name, equals, dimension = word.partition("=")
    if not equals:
        raise ConfigError(f"{word!r} is no parameter", hint="Write name=dimension, or a space as JSON.")
    return {name.strip(): dimension}


def _model(arguments: argparse.Namespace, former: Mapping[str, Any]) -> dict[str, Any]:
    values = model_values(dict(_given(arguments, ("script", "model", "param"))), former.get("trainer"))
    if arguments.trainer is not None:
        if "trainer" in values:
            raise UsageError("--trainer and --script or --model say the same", hint="Give one of them.")
        values["trainer"] = arguments.trainer
    if arguments.config is not None:
        values["config"] = arguments.config
    if arguments.shared:
        values["set"] = {**values.get("set", {}), **dict(_pairs(arguments.shared))}
    return values


def _pairs(texts: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for text in texts:
        path, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set {path} has no value", hint="Write --set path=value.")
        yield path, parse_value(value, Any)


def _launcher(arguments: argparse.Namespace, former: Mapping[str, Any]) -> dict[str, Any]:
    del former
    given = dict(_given(arguments, GRID))
    if "site" in given:
        given["site"] = [site.strip() for text in given["site"] for site in text.split(",") if site.strip()]
    values = launcher_values(given)
    if arguments.launcher is not None:
        values["launcher"] = {"use": arguments.launcher}
    return values


def _given(arguments: argparse.Namespace, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for name in names:
        value = getattr(arguments, name, None)
        if value is None:
            continue
        if name in TABLES:
            value = table_of_json(value, f"--{name}")
        elif name in NUMBERS:
            value = parse_value(f"[{value}]" if "," in value else value, Any)
        yield name, value


READING = {"study": _study, "space": _space, "model": _model, "launcher": _launcher}
"""Kind → what reads its options."""
