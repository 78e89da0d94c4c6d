"""Whether a trainer's options take the outermost values of a space, and not only those of the point that is drawn."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mlkernel.config.overrides import locate
from mlkernel.config.problems import Problem, ProblemsError
from mlkernel.study.space.dimension import Dimension
from mlkernel.study.space.option_check import CHECKED
from mlkernel.study.space.ranges import Range
from mlkernel.study.space.search_space import Parameter, SearchSpace
from mlkernel.study.space.value_lists import Fixed, ValueList

Point = Mapping[str, Any]


def bound_problems(
    space: SearchSpace, point: Point, sections: Mapping[str, type], build: Callable[[Point], object]
) -> list[Problem]:
    """Every parameter with a bound, or a value of a list, that its own option refuses.

    What is wrong with several options together is left to the points that are tried: constraints may forbid it.

    :param point: of the space; the values beside those that are tested.
    :param sections: as for :func:`~mlkernel.study.space.option_check.option_problems`, which found nothing.
    :param build: makes the configuration of a point, or raises what is wrong with it.
    """
    problems = []
    for parameter in space.parameters:
        located = locate(parameter.name, sections)
        if isinstance(located, Problem):
            continue
        for value in _outermost(parameter.dimension):
            tested = _with_value(space, point, parameter, value)
            if parameter.name not in tested or not space.satisfies(tested):
                continue  # conditions that exclude each other, or a constraint that keeps the value out
            message = _refusal(tested, located[0], build)
            if message is not None:
                holder = _holder(parameter.dimension, value)
                problems.append(
                    Problem(path=parameter.name, message=f"{holder} {value!r}, and the option {message}")
                )
                break
    return problems


def _outermost(dimension: Dimension) -> list[Any]:
    if isinstance(dimension, Range):
        return dimension.every_value(2)
    if isinstance(dimension, ValueList | Fixed):
        return dimension.every_value(min(dimension.levels, CHECKED))
    return []  # it has no bounds


def _holder(dimension: Dimension, value: Any) -> str:
    if isinstance(dimension, Range):
        for name in ("low", "high"):
            if value == getattr(dimension, name):
                return f"its {name} is"
    return "it is" if isinstance(dimension, Fixed) else f"its {dimension.method} has the value"


def _with_value(space: SearchSpace, point: Point, parameter: Parameter, value: Any) -> Point:
    """*point* with *value*, and with what makes the parameter active."""
    given = {**point, **dict(_parents(space, parameter)), parameter.name: value}
    return space.completed(given, random.Random(0))  # noqa: S311 - an example


def _parents(space: SearchSpace, parameter: Parameter) -> Iterator[tuple[str, Any]]:
    for condition in parameter.conditions:
        yield condition.parent, condition.values[0]
        yield from _parents(space, space.by_name[condition.parent])


def _refusal(point: Point, path: str, build: Callable[[Point], object]) -> str | None:
    """What the option at *path* says against its value in *point*."""
    try:
        build(point)
    except ProblemsError as error:
        beneath = (f"{path}.", f"{path}[")
        return next(
            (one.message for one in error.problems if one.path == path or one.path.startswith(beneath)), None
        )
    return None
