"""The distributions of Optuna that hold the values of a study's parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import optuna

from mlkernel.errors import ConfigError
from mlkernel.records.strict_json import strict_json
from mlkernel.study.space.dimension import is_number, without_repetitions
from mlkernel.study.space.ranges import LogUniform, QLogUniform, Range, UniformInt
from mlkernel.study.space.search_space import Parameter
from mlkernel.study.space.space_reader import read_space
from mlkernel.study.space.value_lists import ValueList

Distribution = optuna.distributions.BaseDistribution


def distributions(
    configuration: Mapping[str, Any], points: Iterable[Mapping[str, Any]]
) -> dict[str, Distribution]:
    """A distribution for each parameter of *points*: that of the study's space, widened where values lie outside."""
    known = _parameters(configuration)
    values: dict[str, list[Any]] = {}
    for point in points:
        for name, value in point.items():
            values.setdefault(name, []).append(value)
    return {name: _distribution(known.get(name), tried) for name, tried in values.items()}


def choice_of(value: Any) -> Any:
    """*value* as a choice of Optuna's: lists and tables become JSON."""
    return value if value is None or isinstance(value, bool | int | float | str) else strict_json(value)


def _parameters(configuration: Mapping[str, Any]) -> Mapping[str, Parameter]:
    try:
        return read_space(configuration["space"]).by_name
    except (KeyError, ConfigError):
        return {}  # one without a space, or from a version that wrote spaces in another way


def _distribution(parameter: Parameter | None, values: Sequence[Any]) -> Distribution:
    dimension = None if parameter is None else parameter.dimension
    if isinstance(dimension, ValueList) or not all(map(is_number, values)):
        offered = dimension.values if isinstance(dimension, ValueList) else ()
        choices = [choice_of(value) for value in without_repetitions([*offered, *values])]
        return optuna.distributions.CategoricalDistribution(choices)
    bounds = [dimension.low, dimension.high] if isinstance(dimension, Range) else []
    low, high = min(*bounds, *values, values[0]), max(*bounds, *values, values[0])
    if isinstance(dimension, UniformInt) or (
        dimension is None and all(isinstance(value, int) for value in values)
    ):
        return optuna.distributions.IntDistribution(int(low), int(high))
    logarithmic = isinstance(dimension, LogUniform | QLogUniform) and low > 0
    return optuna.distributions.FloatDistribution(float(low), float(high), log=logarithmic)
