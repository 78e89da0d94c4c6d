"""Whether the parameters of a search space are options that exist, and their values of the options' types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cattrs.errors import BaseValidationError

from mlkernel.config.option_types import type_name
from mlkernel.config.overrides import locate
from mlkernel.config.problems import Problem
from mlkernel.config.strict_converter import WrongValueError, strict_converter
from mlkernel.study.space.dimension import Dimension
from mlkernel.study.space.search_space import Parameter, SearchSpace
from mlkernel.study.space.value_lists import Fixed

CHECKED = 64
"""Values that are tried of a dimension with more."""


def option_problems(space: SearchSpace, sections: Mapping[str, type]) -> list[Problem]:
    """Every parameter that no option is named like, and every one with values that the option's type refuses.

    :param sections: section → its configuration class, as ``kernel run`` knows them; the first one's name may be left
        out of a parameter's.
    """
    problems = []
    for parameter in space.parameters:
        located = locate(parameter.name, sections)
        if isinstance(located, Problem):
            problems.append(located)
        else:
            problems += _type_problems(parameter, located[1])
    return problems


def _type_problems(parameter: Parameter, option_type: Any) -> list[Problem]:
    for value in _examples(parameter.dimension):
        try:
            strict_converter().structure(value, option_type)
        except (WrongValueError, BaseValidationError, ValueError, TypeError):
            method, expected = parameter.dimension.method, type_name(option_type)
            holder = "it is" if isinstance(parameter.dimension, Fixed) else f"its {method} has the value"
            message = f"{holder} {value!r}; the option is a {expected}"
            return [Problem(path=parameter.name, message=message, suggestion=_advice(value, option_type))]
    return []


def _advice(value: Any, option_type: Any) -> str | None:
    return (
        "write uniformint, or a q that is a whole number"
        if option_type is int and type(value) is float
        else None
    )


def _examples(dimension: Dimension) -> list[Any]:
    return dimension.every_value(min(dimension.levels or CHECKED, CHECKED))
