"""Dimensions by the names of their methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from mlkernel.config.problems import did_you_mean
from mlkernel.errors import ConfigError
from mlkernel.study.space.dimension import Dimension
from mlkernel.study.space.normals import LogNormal, Normal, QLogNormal, QNormal
from mlkernel.study.space.ranges import LogUniform, QLogUniform, QUniform, Uniform, UniformInt
from mlkernel.study.space.value_lists import Categorical, Fixed, Ordinal

METHODS: dict[str, type[Dimension]] = {
    dimension.method: dimension
    for dimension in (
        Categorical, Ordinal, Fixed, Uniform, UniformInt, QUniform, LogUniform, QLogUniform,
        Normal, QNormal, LogNormal, QLogNormal,
    )
}  # fmt: skip

POSITIONAL = {
    **dict.fromkeys(("uniform", "uniformint", "loguniform"), ("low", "high")),
    **dict.fromkeys(("quniform", "qloguniform"), ("low", "high", "q")),
    **dict.fromkeys(("normal", "lognormal"), ("mu", "sigma")),
    **dict.fromkeys(("qnormal", "qlognormal"), ("mu", "sigma", "q")),
    **dict.fromkeys(("categorical", "ordinal"), ("values",)),
    "fixed": ("value",),
}
"""The arguments of each method that may be written without their names, in their order."""


def dimension_class(method: str) -> type[Dimension]:
    """The class of dimensions with this *method*.

    :raises ConfigError: there is none.
    """
    if method not in METHODS:
        raise ConfigError(f"no method is named {method!r}; {did_you_mean(method, METHODS)}")
    return METHODS[method]


def make_dimension(method: str, arguments: Mapping[str, Any]) -> Dimension:
    """Make a dimension from the name of its method and named *arguments*.

    :raises ConfigError: lists every argument that is unknown, missing or wrong.
    """
    made = dimension_class(method)
    known = {field.name: field for field in attrs.fields(made)}
    faults = [
        f"{method} has no argument {name!r}; {did_you_mean(name, known)}"
        for name in arguments
        if name not in known
    ]
    faults += [
        f"{method} needs {name}"
        for name, field in known.items()
        if field.default is attrs.NOTHING and name not in arguments
    ]
    if faults:
        raise ConfigError("; ".join(faults))
    return made(**arguments)


def arguments_of(dimension: Dimension) -> dict[str, Any]:
    """The arguments that make an equal dimension, without those that have their default."""
    given: dict[str, Any] = {}
    for field in attrs.fields(type(dimension)):
        value = getattr(dimension, field.name)
        if field.default is attrs.NOTHING or value != field.default:
            given[field.name] = list(value) if isinstance(value, tuple) else value
    return given
