"""Densities of points of a search space, by a product of one kernel for each parameter.

Ordered parameters have a Gaussian kernel on their position in [0, 1], the others that of Aitchison and Aitken,
*Multivariate binary discrimination by the kernel method*, Biometrika 63 (1976).
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkernel import SearchSpace

Array = NDArray[np.float64]
NARROWEST = 1e-3
"""The least bandwidth: a density of equal points would be no density."""


class Axes:
    """What the coordinates of a space are: its parameters, parents first."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        dimensions = [parameter.dimension for parameter in space.parents_first]
        self.choices = [None if found.is_ordered else found.levels or 1 for found in dimensions]
        """For each parameter without an order, how many values it has."""

    def encode(self, point: Mapping[str, Any]) -> list[float]:
        """Coordinates of *point*: positions, or places of values without an order; NaN for inactive parameters."""
        missing = [float("nan")] * len(self.choices)
        positions = self.space.to_unit(point, missing)
        return [
            position
            if count is None or math.isnan(position)
            else float(min(int(position * count), count - 1))
            for position, count in zip(positions, self.choices, strict=True)
        ]

    def positions(self, row: Array) -> list[float]:
        """The position in the unit cube of coordinates without NaN."""
        return [
            float(value) if count is None else (float(value) + 0.5) / count
            for value, count in zip(row, self.choices, strict=True)
        ]


class KernelDensity:
    """A density of *rows*, one bandwidth for each parameter, by the normal reference rule.

    :param rows: coordinates of at least one point. For inactive parameters, a value of another row is drawn, or any.
    :param rng: draws them.
    """

    def __init__(self, axes: Axes, rows: Sequence[Sequence[float]], rng: random.Random) -> None:
        self._choices = axes.choices
        self._rows = np.array(rows, dtype=float)
        for column, count in zip(self._rows.T, self._choices, strict=True):
            _fill(column, count, rng)
        number, parameters = self._rows.shape
        spread = self._rows.std(axis=0)
        self._bandwidths = np.maximum(1.06 * spread * number ** (-1.0 / (4 + parameters)), NARROWEST)
        for place, count in enumerate(self._choices):
            if count is not None:  # beyond this, a value would be less likely than those that were never seen
                self._bandwidths[place] = min(self._bandwidths[place], (count - 1) / count)

    def logarithm(self, points: Array) -> Array:
        """The logarithm of the density at each of *points*, which are rows of coordinates without NaN."""
        total = np.zeros((len(points), len(self._rows)))
        for place, count in enumerate(self._choices):
            width = self._bandwidths[place]
            distance = points[:, None, place] - self._rows[None, :, place]
            if count is None:
                total -= 0.5 * (distance / width) ** 2 + np.log(width * math.sqrt(2 * math.pi))
            elif count > 1:
                total += np.where(distance == 0, np.log(1 - width), np.log(width / (count - 1)))
        highest = total.max(axis=1)
        found: Array = highest + np.log(np.exp(total - highest[:, None]).mean(axis=1))
        return found

    def draw(self, rng: random.Random, factor: float) -> list[float]:
        """Coordinates near those of one of the rows.

        :param factor: of the bandwidths.
        """
        row = self._rows[rng.randrange(len(self._rows))]
        return [
            _near(float(value), float(width) * factor, count, rng)
            for value, width, count in zip(row, self._bandwidths, self._choices, strict=True)
        ]


def _near(value: float, width: float, count: int | None, rng: random.Random) -> float:
    if count is not None:
        return value if rng.random() >= width else float(rng.randrange(count))
    while True:  # a Gaussian that is cut off at both ends; at least half of one side of it is inside
        drawn = rng.gauss(value, min(width, 1.0))
        if 0.0 <= drawn <= 1.0:
            return drawn


def _fill(column: Array, count: int | None, rng: random.Random) -> None:
    present = [float(value) for value in column if not math.isnan(value)]
    for place in np.flatnonzero(np.isnan(column)):
        if present:
            column[place] = rng.choice(present)
        else:
            column[place] = rng.random() if count is None else rng.randrange(count)
