"""Refinement: the search goes on in a smaller space around the best points so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from mlkernel.study.space.condition import Condition
from mlkernel.study.space.search_space import Parameter, SearchSpace


def refine(space: SearchSpace, best: Sequence[Mapping[str, Any]]) -> SearchSpace:
    """The smallest space around the points *best*.

    Bounds move to the outermost values among them, and categories that none of them has are dropped. A parameter that
    is inactive in all of them stays as it is if it still can become active, and leaves the space otherwise.

    :param best: points in the space; the space itself results where there are none.
    """
    narrowed = tuple(_narrowed(parameter, best) for parameter in space.parameters)
    return attrs.evolve(
        space, parameters=_reachable(narrowed), constraints=_kept(space, _reachable(narrowed))
    )


def _narrowed(parameter: Parameter, best: Sequence[Mapping[str, Any]]) -> Parameter:
    values = [point[parameter.name] for point in best if parameter.name in point]
    return attrs.evolve(parameter, dimension=parameter.dimension.narrowed(values)) if values else parameter


def _reachable(parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """*parameters* without those whose conditions can no longer hold, and conditions without lost values."""
    while True:
        kept = {parameter.name: parameter for parameter in parameters}
        trimmed = tuple(
            attrs.evolve(parameter, conditions=conditions)
            for parameter in parameters
            if (conditions := _trimmed(parameter, kept)) is not None
        )
        if trimmed == parameters:
            return trimmed
        parameters = trimmed


def _trimmed(parameter: Parameter, kept: Mapping[str, Parameter]) -> tuple[Condition, ...] | None:
    conditions = []
    for condition in parameter.conditions:
        if condition.parent not in kept:
            return None
        dimension = kept[condition.parent].dimension
        values = [value for value in condition.values if dimension.contains(value)]
        if not values:
            return None
        conditions.append(attrs.evolve(condition, values=values))
    return tuple(conditions)


def _kept(space: SearchSpace, parameters: tuple[Parameter, ...]) -> list[Any]:
    names = {parameter.name for parameter in parameters}
    return [constraint for constraint in space.constraints if names.issuperset(constraint.parameters)]
