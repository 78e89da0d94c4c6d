"""How evolutionary algorithms make a point of others: crossover and mutation in the unit cube."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from mlkernel import SearchSpace

STEP = 0.1
"""Standard deviation of a mutated coordinate."""
JUMP = 0.2
"""How often a mutated coordinate is drawn anew instead."""


def crossed(
    space: SearchSpace, one: Mapping[str, Any], other: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    """A point whose values are each one of its parents'; values that neither has are drawn."""
    given = {}
    for parameter in space.parents_first:
        parent = rng.choice((one, other))
        name = parameter.name
        if name in parent:
            given[name] = parent[name]
    return space.completed(given, rng)


def mutated(space: SearchSpace, point: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """*point* with another value of one active parameter; what becomes active is drawn, what does not is left out."""
    changeable = [
        parameter
        for parameter in space.parents_first
        if parameter.name in point and parameter.dimension.levels != 1
    ]
    if not changeable:
        return dict(point)
    parameter = rng.choice(changeable)
    dimension = parameter.dimension
    if dimension.is_ordered and rng.random() >= JUMP:
        step = max(STEP, 1 / (dimension.levels or 10**9))
        position = dimension.to_unit(point[parameter.name]) + rng.gauss(0.0, step)
        value = dimension.from_unit(min(max(position, 0.0), 1.0))
    else:
        value = dimension.sample(rng)
    return space.completed({**point, parameter.name: value}, rng)
