"""The unit cube of a search space: one coordinate for every parameter, whether it is active or not.

Model-based algorithms that know no conditions search the cube; coordinates of inactive parameters are dropped when a
point is made from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlkernel.study.space.search_space import SearchSpace

MIDDLE = 0.5
"""Coordinate of an inactive parameter, unless another is given."""


def from_unit(space: SearchSpace, position: Sequence[float]) -> dict[str, Any]:
    """The point at *position*, without inactive parameters; constraints are not looked at.

    :param position: for each parameter, in the order of ``space.parents_first``, a number in [0, 1].
    """
    point: dict[str, Any] = {}
    for parameter, coordinate in zip(space.parents_first, position, strict=True):
        if parameter.is_active(point):
            point[parameter.name] = parameter.dimension.from_unit(coordinate)
    return point


def to_unit(space: SearchSpace, point: Mapping[str, Any], inactive: Sequence[float] = ()) -> list[float]:
    """The coordinates of *point*, in the order of ``space.parents_first``.

    :param point: in the space.
    :param inactive: for each parameter, the coordinate that it gets if it is inactive; 0.5 for each when empty.
    """
    filling = inactive or [MIDDLE] * len(space.parameters)
    return [
        parameter.dimension.to_unit(point[parameter.name]) if parameter.name in point else filled
        for parameter, filled in zip(space.parents_first, filling, strict=True)
    ]
