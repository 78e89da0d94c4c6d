"""hpogrid's search spaces: ``{"lr": {"method": "loguniform", "dimension": {"low": 1e-5, "high": 1e-2}}}``.

Bounds are values, as its examples have them. ``base`` is of no consequence between bounds, and scales ``mu`` and
``sigma`` of log-normal dimensions to natural logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mlkernel.config.problems import Problem
from mlkernel.errors import ConfigError
from mlkernel.study.space.dimension import is_number
from mlkernel.study.space.methods import make_dimension
from mlkernel.study.space.search_space import Parameter
from mlkernel.study.space.table_form import Found

DIMENSION = "dimension"
NAMES: dict[str, str] = {"categories": "values"}
LOGARITHMIC = {"loguniform", "qloguniform"}
LOG_NORMAL = {"lognormal", "qlognormal"}


def is_hpogrid(table: Mapping[str, Any]) -> bool:
    """Whether *table* is one of hpogrid's: each of its entries has a method and a dimension."""
    return bool(table) and all(isinstance(entry, Mapping) and DIMENSION in entry for entry in table.values())


def from_hpogrid(table: Mapping[str, Any]) -> Found:
    """Read hpogrid's form; what is wrong is in the problems, with the name of the parameter as path."""
    parameters, problems = [], []
    for name, entry in table.items():
        try:
            parameters.append(_parameter(name, entry))
        except ConfigError as error:
            problems.append(Problem(path=name, message=error.message, suggestion=error.hint))
    return parameters, [], problems


def _parameter(name: str, entry: Mapping[str, Any]) -> Parameter:
    others = sorted(entry.keys() - {"method", DIMENSION})
    method, given = entry.get("method"), entry[DIMENSION]
    if others or not isinstance(method, str) or not isinstance(given, Mapping):
        raise ConfigError(f"a method and a table dimension expected, found {', '.join(entry)}")
    arguments: dict[str, Any] = {NAMES.get(key, str(key)): value for key, value in given.items()}
    if method == "categorical":
        arguments["grid_search"] = arguments.get("grid_search", 0) in (1, True)
    if method in LOGARITHMIC:
        _base(arguments)
    if method in LOG_NORMAL:
        scale = math.log(_base(arguments))
        for key in ("mu", "sigma"):
            if is_number(arguments.get(key)):
                arguments[key] *= scale
    return Parameter(name=name, dimension=make_dimension(method, arguments))


def _base(arguments: dict[str, Any]) -> float:
    """Take the base of the logarithm out of *arguments*; e when there is none."""
    base = arguments.pop("base", math.e)
    if base in (None, "e"):
        return math.e
    if not is_number(base) or base <= 0 or base == 1:
        raise ConfigError(f"base must be a positive number other than 1, not {base!r}")
    return float(base)
