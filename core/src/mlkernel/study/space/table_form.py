"""The table form: what JSON holds and TOML files write.

``{"lr": {"method": "loguniform", "low": 1e-5, "high": 1e-2, "when": {"algo": ["sgd"]}}, "constraints": [...]}``.
In the place of such a table may stand a list (a categorical), the text form, or a plain value (fixed); tables without
``method`` nest names, so that ``[space.trainer]`` holds ``lr``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlkernel.config.problems import Problem
from mlkernel.errors import ConfigError
from mlkernel.study.space.condition import Condition
from mlkernel.study.space.constraint import Constraint
from mlkernel.study.space.methods import arguments_of, make_dimension
from mlkernel.study.space.search_space import Parameter, SearchSpace
from mlkernel.study.space.text_form import parse_parameter
from mlkernel.study.space.value_lists import Fixed, categorical_of

METHOD, WHEN, CONSTRAINTS = "method", "when", "constraints"
Found = tuple[list[Parameter], list[Constraint], list[Problem]]


def to_table(space: SearchSpace) -> dict[str, Any]:
    """*space* in JSON types, without loss."""
    table: dict[str, Any] = {parameter.name: _parameter_table(parameter) for parameter in space.parameters}
    if space.constraints:
        table[CONSTRAINTS] = [constraint.text for constraint in space.constraints]
    return table


def _parameter_table(parameter: Parameter) -> dict[str, Any]:
    table = {METHOD: parameter.dimension.method, **arguments_of(parameter.dimension)}
    if parameter.conditions:
        table[WHEN] = {condition.parent: list(condition.values) for condition in parameter.conditions}
    return table


def from_table(table: Mapping[str, Any]) -> Found:
    """Read the table form; what is wrong is in the problems, with the name of the parameter as path."""
    parameters: list[Parameter] = []
    constraints, problems = _constraints(table.get(CONSTRAINTS, []))
    for name, entry in _entries(table, ""):
        try:
            parameters.append(_parameter(name, entry))
        except ConfigError as error:
            problems.append(Problem(path=name, message=error.message, suggestion=error.hint))
    return parameters, constraints, problems


def _entries(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, entry in table.items():
        name = f"{prefix}{key}"
        if name == CONSTRAINTS:
            continue
        if isinstance(entry, Mapping) and METHOD not in entry:
            yield from _entries(entry, f"{name}.")
        else:
            yield name, entry


def _parameter(name: str, entry: Any) -> Parameter:
    if isinstance(entry, str):
        return parse_parameter(name, entry)
    if isinstance(entry, list | tuple):
        return Parameter(name=name, dimension=categorical_of(entry))
    if not isinstance(entry, Mapping):
        return Parameter(name=name, dimension=Fixed(value=entry))
    arguments = {key: value for key, value in entry.items() if key not in {METHOD, WHEN}}
    if not isinstance(entry[METHOD], str):
        raise ConfigError(f"method must be the name of one, not {entry[METHOD]!r}")
    dimension = make_dimension(entry[METHOD], arguments)
    return Parameter(name=name, dimension=dimension, conditions=_conditions(entry.get(WHEN, {})))


def _conditions(when: Any) -> list[Condition]:
    if not isinstance(when, Mapping):
        raise ConfigError(f"when must be a table of parameters and their values, not {when!r}")
    return [
        Condition(parent=parent, values=values if isinstance(values, list | tuple) else [values])
        for parent, values in _entries(when, "")
    ]


def _constraints(texts: Any) -> tuple[list[Constraint], list[Problem]]:
    constraints: list[Constraint] = []
    problems = []
    for text in texts if isinstance(texts, list | tuple) else [texts]:
        try:
            constraints.append(Constraint(text))
        except ConfigError as error:
            problems.append(Problem(path=CONSTRAINTS, message=error.message, suggestion=error.hint))
    return constraints, problems
