"""How population-based training changes the point of a trial that goes on from another's checkpoint.

Jaderberg et al., *Population Based Training of Neural Networks*, 2017, section 4.1.1.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from mlkernel import Parameter, SearchSpace
from mlkernel_search.schedulers.configs import PbtConfig

ATTEMPTS = 100
"""Changes that are tried before constraints are believed to leave none."""
HALVINGS = 60
"""Steps of the search for a position: as many as a float has binary digits, and some."""
Change = Callable[[Parameter, Any], Any]


def explored(
    space: SearchSpace, point: Mapping[str, Any], options: PbtConfig, rng: random.Random
) -> dict[str, Any]:
    """*point*, changed as the options ask; the point itself where constraints leave nothing else."""
    changes: dict[str, Change] = {
        "perturb": lambda parameter, value: perturbed(parameter, value, options, rng),
        "resample": lambda parameter, value: parameter.dimension.sample(rng),
        "noise": lambda parameter, value: shifted(parameter, value, rng.gauss(0, options.noise_scale), rng),
    }
    for _ in range(ATTEMPTS):
        changed = changed_point(space, point, changes[options.explore], options.keep, rng)
        if space.satisfies(changed):
            return changed
    return dict(point)


def changed_point(
    space: SearchSpace, point: Mapping[str, Any], change: Change, keep: list[str], rng: random.Random
) -> dict[str, Any]:
    """*point* with its values changed; what becomes active is drawn, what does not is left out."""
    given = {
        parameter.name: point[parameter.name]
        if parameter.name in keep or not space.contains(point)
        else change(parameter, point[parameter.name])
        for parameter in space.parents_first
        if parameter.name in point
    }
    return space.completed(given, rng)


def perturbed(parameter: Parameter, value: Any, options: PbtConfig, rng: random.Random) -> Any:
    """*value* times a factor, the nearest that there is; a neighbour of what is no number, or another where none is."""
    dimension = parameter.dimension
    if rng.random() < options.resample_probability or not dimension.is_ordered:
        return dimension.sample(rng)
    if isinstance(value, bool) or not isinstance(value, int | float) or dimension.method == "ordinal":
        return shifted(parameter, value, rng.choice((-1, 1)) / max(1, (dimension.levels or 2) - 1), rng)
    return nearest(parameter, value * rng.choice(options.factors))


def shifted(parameter: Parameter, value: Any, distance: float, rng: random.Random) -> Any:
    """The value at a *distance* from *value* in the unit cube; another where there is no distance."""
    dimension = parameter.dimension
    if not dimension.is_ordered:
        return dimension.sample(rng)
    return dimension.from_unit(min(max(dimension.to_unit(value) + distance, 0.0), 1.0))


def nearest(parameter: Parameter, wanted: float) -> Any:
    """The value of an ordered dimension that is nearest to a number."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if parameter.dimension.from_unit(middle) <= wanted else (low, middle)
    return min(map(parameter.dimension.from_unit, (low, high)), key=lambda value: abs(value - wanted))
