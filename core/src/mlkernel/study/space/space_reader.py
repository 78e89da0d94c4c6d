"""Reading a search space in whatever form it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from mlkernel.config.files import read_config_file
from mlkernel.config.layers import Layer
from mlkernel.config.parsed_text import SyntaxFault
from mlkernel.config.problems import Problem, ProblemsError, raise_problems
from mlkernel.errors import ConfigError
from mlkernel.study.space.hpogrid_form import from_hpogrid, is_hpogrid
from mlkernel.study.space.mle_toolbox_form import from_mle_toolbox, is_mle_toolbox
from mlkernel.study.space.search_space import SearchSpace
from mlkernel.study.space.table_form import Found, from_table
from mlkernel.study.space.text_form import parse_assignment

SECTION = "space"


def read_space(table: Mapping[str, Any], source: str | None = None) -> SearchSpace:
    """Make a search space of a table: the table form, hpogrid's or mle-toolbox's, told by what is in it.

    :param source: where it was given, for messages.
    :raises ConfigError: lists everything that is wrong.
    """
    return _read(Layer(tree=table, source=source or ""))


def space_problems(layer: Layer, path: str) -> list[Problem]:
    """What is wrong with the space that stands at *path* of a file, each with its line.

    :param layer: of the file.
    """
    table: Any = layer.tree
    for key in path.split("."):
        table = table[key]
    try:
        read_space(table)
    except ProblemsError as error:
        return [_placed(problem, layer, f"{path}.") for problem in error.problems]
    except ConfigError as error:
        return [
            Problem(path=path, message=error.message, origin=layer.origin_of(path), suggestion=error.hint)
        ]
    return []


def read_space_file(path: str | Path) -> SearchSpace:
    """Read a search space from a TOML, YAML or JSON file: its section ``space``, or all of it where it has none.

    :raises ConfigError: lists everything that is wrong, with the lines.
    """
    layer = read_config_file(path)
    raise_problems(layer.problems)
    if isinstance(layer.tree.get(SECTION), Mapping):
        return _read(attrs.evolve(layer, tree=layer.tree[SECTION]), f"{SECTION}.")
    return _read(layer)


def read_space_text(text: str) -> SearchSpace:
    """Make a search space of JSON, in any of the forms that :func:`read_space` knows.

    :raises ConfigError: it is no JSON, or lists everything that is wrong.
    """
    from mlkernel.config.json_text import parse_json

    try:
        table = parse_json(text).tree
    except SyntaxFault as fault:
        raise ConfigError(f"--space: not valid JSON at character {fault.column}: {fault.message}") from fault
    return read_space(table, "--space")


def parse_space(texts: Sequence[str], constraints: Sequence[str] = ()) -> SearchSpace:
    """Make a search space of texts such as ``trainer.lr=loguniform(1e-5,1e-2)``.

    :raises ConfigError: lists everything that is wrong.
    """
    parameters, problems = [], []
    for text in texts:
        try:
            parameters.append(parse_assignment(text))
        except ConfigError as error:
            problems.append(
                Problem(
                    path=text.partition("=")[0].strip(),
                    message=error.message,
                    origin=f"command line: {text}",
                    suggestion=error.hint,
                )
            )
    _, found, wrong = from_table({"constraints": list(constraints)})
    raise_problems(problems + wrong)
    return SearchSpace(parameters=parameters, constraints=found)


def _read(layer: Layer, prefix: str = "") -> SearchSpace:
    parameters, constraints, problems = _found(layer.tree)
    raise_problems([_placed(problem, layer, prefix) for problem in problems])
    try:
        return SearchSpace(parameters=parameters, constraints=constraints)
    except ConfigError as error:
        if layer.source:
            raise ConfigError(f"{layer.source}: {error.message}", hint=error.hint) from error
        raise


def _found(table: Mapping[str, Any]) -> Found:
    if is_mle_toolbox(table):
        return from_mle_toolbox(table)
    return from_hpogrid(table) if is_hpogrid(table) else from_table(table)


def _placed(problem: Problem, layer: Layer, prefix: str) -> Problem:
    origin = layer.origin_of(f"{prefix}{problem.path}") or None
    return attrs.evolve(problem, origin=origin)
