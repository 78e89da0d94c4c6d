"""The grid over a search space, and how many points a space has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlkernel.config.problems import Problem, raise_problems
from mlkernel.errors import ConfigError

if TYPE_CHECKING:
    from mlkernel.study.space.search_space import Parameter, SearchSpace

COUNTED = 100_000
"""Points that are counted one by one where constraints leave no other way."""


def grid_points(space: SearchSpace, bins: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield each point of the grid once; the last parameter changes fastest.

    Parameters that are inactive for the values of the others multiply nothing. Points that break a constraint are left
    out.

    :param bins: how many values to take of parameters that cannot be counted and have no ``bins`` of their own.
    :raises ConfigError: names all parameters that have neither.
    """
    values, problems = {}, []
    for parameter in space.parameters:
        try:
            values[parameter.name] = parameter.dimension.grid(bins)
        except ConfigError as error:
            problems.append(Problem(path=parameter.name, message=error.message, suggestion=error.hint))
    raise_problems(problems)
    return filter(space.satisfies, _combinations({}, space.parents_first, values))


def every_point(space: SearchSpace) -> Iterator[dict[str, Any]]:
    """Yield each point of a space whose points can be counted, whatever bins say."""
    values = {
        parameter.name: parameter.dimension.every_value(parameter.dimension.levels or 1)
        for parameter in space.parameters
    }
    return filter(space.satisfies, _combinations({}, space.parents_first, values))


def _combinations(
    point: dict[str, Any], following: Sequence[Parameter], values: Mapping[str, Sequence[Any]]
) -> Iterator[dict[str, Any]]:
    """Every way to go on from *point* through the parameters *following*."""
    if not following:
        yield point
        return
    parameter, rest = following[0], following[1:]
    if not parameter.is_active(point):
        yield from _combinations(point, rest, values)
        return
    for value in values[parameter.name]:
        yield from _combinations({**point, parameter.name: value}, rest, values)


def cardinality(space: SearchSpace) -> int | None:
    """How many points the space has.

    ``None`` when they cannot be counted, or are more than 100,000 and constraints would have to be asked about each.
    """
    if any(parameter.dimension.levels is None for parameter in space.parameters):
        return None
    parents = {condition.parent for parameter in space.parameters for condition in parameter.conditions}
    count = _count({}, space.parents_first, parents)
    if not space.constraints:
        return count
    return None if count > COUNTED else sum(1 for _ in every_point(space))


def _count(point: dict[str, Any], following: Sequence[Parameter], parents: set[str]) -> int:
    """Number of ways to go on from *point*: only the values of parents make a difference to what follows."""
    free = 1
    for place, parameter in enumerate(following):
        if not parameter.is_active(point):
            continue
        levels = parameter.dimension.levels or 1
        if parameter.name not in parents:
            free *= levels
            continue
        rest = following[place + 1 :]
        values = parameter.dimension.every_value(levels)
        return free * sum(_count({**point, parameter.name: value}, rest, parents) for value in values)
    return free
