"""Features of points, between which Euclidean distances make sense for every kind of parameter.

A parameter that is always active is its coordinate in the unit cube, rounded to the values that it may take, as
Garrido-Merchán and Hernández-Lobato, *Dealing with Categorical and Integer-valued Variables in Bayesian Optimization
with Gaussian Processes*, Neurocomputing 380 (2020), do. A category is a corner of a simplex. A conditional parameter is
a point on an arc whose centre stands for "inactive", equally far from all values: the arc kernel of Swersky et al.,
*Raiders of the Lost Architecture*, arXiv:1409.4011 (2014), eq. 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlkernel import Parameter, SearchSpace

Array = npt.NDArray[np.float64]

ARC = np.pi / 4
"""Angle of the arc; its radius is 1/ARC, so that its length is 1."""
COUNTABLE = 1024
"""Values from which on a parameter is modelled as a continuous one."""


class FeatureMap:
    """From points to positions in the unit cube, and from those to features.

    A position has one coordinate for each parameter of ``space.parents_first``; features have one or more columns for
    each parameter with more than one value.
    """

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.axes = [Axis(parameter) for parameter in space.parents_first]
        columns = [place for place, axis in enumerate(self.axes) for _ in range(axis.width)]
        self.varied = sorted(set(columns))
        """Places of the parameters with more than one value."""
        self.owners = np.array([self.varied.index(place) for place in columns], dtype=np.intp)
        """For each feature, the position in :attr:`varied` of its parameter."""
        self._rules = [self._rule(parameter) for parameter in space.parents_first]

    def _rule(self, parameter: Parameter) -> list[tuple[int, Array]]:
        """Places of the parents, and coordinates that they must have one of."""
        places = {found.name: place for place, found in enumerate(self.space.parents_first)}
        return [
            (places[condition.parent], self.axes[places[condition.parent]].coordinates(condition.values))
            for condition in parameter.conditions
        ]

    def positions(self, points: Sequence[Mapping[str, Any]]) -> Array:
        """Positions of points of the space, shape ``(points, parameters)``; NaN where a parameter is inactive."""
        nothing = [np.nan] * len(self.axes)
        return self.rounded(
            np.array([self.space.to_unit(point, nothing) for point in points], dtype=np.float64)
        )

    def rounded(self, positions: Array) -> Array:
        """*positions* with each coordinate at a value of its parameter, and NaN where a parameter is inactive."""
        rounded = np.empty_like(positions)
        for place, axis in enumerate(self.axes):
            rounded[:, place] = axis.rounded(positions[:, place])
            for parent, allowed in self._rules[place]:
                holds = np.isclose(rounded[:, parent, None], allowed, rtol=0.0, atol=1e-9).any(1)
                rounded[~holds, place] = np.nan
        return rounded

    def features(self, positions: Array) -> Array:
        """Features of rounded *positions*, shape ``(positions, features)``."""
        parts = [self.axes[place].features(positions[:, place]) for place in self.varied]
        return np.concatenate(parts, axis=1)

    def slopes(self, position: Array) -> Array:
        """The derivative of each feature by its coordinate, at one rounded position; 0 where it can only jump."""
        return np.concatenate([self.axes[place].slopes(position[place]) for place in self.varied])

    def point(self, position: Array) -> dict[str, Any]:
        """The point at a position."""
        return self.space.from_unit(np.where(np.isnan(position), 0.5, position).clip(0.0, 1.0).tolist())


class Axis:
    """One parameter."""

    def __init__(self, parameter: Parameter) -> None:
        dimension = parameter.dimension
        levels = dimension.levels
        self.dimension = dimension
        self.is_ordered = dimension.is_ordered
        self.is_conditional = bool(parameter.conditions)
        self.grid = (
            None
            if levels is None or levels > COUNTABLE
            else np.array([dimension.to_unit(value) for value in dimension.grid()])
        )
        """Coordinates of the values, rising; ``None`` if there are too many."""
        if levels == 1:
            self.width = 0
        elif not self.is_ordered:
            self.width = levels or 1
        else:
            self.width = 2 if self.is_conditional else 1

    def coordinates(self, values: Sequence[Any]) -> Array:
        """Coordinates of some values."""
        return self.rounded(np.array([self.dimension.to_unit(value) for value in values]))

    def rounded(self, coordinates: Array) -> Array:
        """The coordinates of the nearest values; NaN stays."""
        if self.grid is None:
            return coordinates.clip(0.0, 1.0)
        nearest = self.level(coordinates)
        return np.where(np.isnan(coordinates), np.nan, self.grid[nearest])

    def level(self, coordinates: Array) -> npt.NDArray[np.intp]:
        """The places of the nearest values; 0 for NaN."""
        assert self.grid is not None
        borders = (self.grid[1:] + self.grid[:-1]) / 2
        places: npt.NDArray[np.intp] = np.searchsorted(borders, np.nan_to_num(coordinates))
        return places

    def features(self, coordinates: Array) -> Array:
        """Columns of rounded coordinates."""
        is_active = ~np.isnan(coordinates)
        if not self.is_ordered:
            corners: Array = np.eye(self.width)[self.level(coordinates)] * is_active[:, None]
            return corners * math.sqrt(0.5)
        if not self.is_conditional:
            return coordinates[:, None]
        angles = np.where(is_active, coordinates, 0.0) * ARC
        return np.stack([np.sin(angles), np.cos(angles)], axis=1) * is_active[:, None] / ARC

    def slopes(self, coordinate: float) -> Array:
        """The derivatives of the columns by the coordinate."""
        if np.isnan(coordinate) or self.grid is not None:
            return np.zeros(self.width)
        if not self.is_conditional:
            return np.ones(1)
        return np.array([np.cos(coordinate * ARC), -np.sin(coordinate * ARC)])
