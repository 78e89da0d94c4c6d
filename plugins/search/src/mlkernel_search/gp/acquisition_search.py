"""The point of the largest acquisition value, in a space of any kind.

Draws over the whole space and around the best trials are improved in turns: continuous coordinates together along the
gradient (L-BFGS-B), the others one at a time over their neighbours.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from attrs import frozen
from scipy.optimize import minimize

from mlkernel_search.gp.feature_map import FeatureMap
from mlkernel_search.gp.improvement import LogImprovement

Array = npt.NDArray[np.float64]

GLOBAL, LOCAL = 1000, 100
"""Draws over the whole space, and around each of the best trials."""
STEPS = (0.3, 0.1, 0.03, 0.01, 0.003)
"""Standard deviations of the draws around a trial."""
STARTS = 6
"""Draws that are improved."""
ROUNDS = 4
"""Turns of gradient and neighbours."""
MIDDLE = 0.5
"""Coordinate from which an inactive parameter's value is sought."""
NEIGHBOURS = 12
"""Values of an ordered parameter that are tried, half of them on each side."""


@frozen(kw_only=True)
class AcquisitionSearch:
    """The maximiser of an acquisition function."""

    map: FeatureMap
    value: LogImprovement
    is_allowed: Callable[[Array, Array], npt.NDArray[np.bool_]]
    """Which rounded positions, with their features, may be proposed."""
    rng: np.random.Generator

    def best(self, around: Array) -> tuple[Array, float] | None:
        """The best position that is allowed, rounded, with its value; ``None`` if none was found.

        :param around: positions of the best trials.
        """
        around = np.where(np.isnan(around), MIDDLE, around)
        draws = np.concatenate([self.rng.random((GLOBAL, len(self.map.axes))), *map(self._near, around)])
        values = self._values(draws)
        order = np.argsort(-values, kind="stable")[:STARTS]
        found = [self._improved(draws[place], values[place]) for place in order if values[place] > -np.inf]
        if not found:
            return None
        position, value = max(found, key=lambda pair: pair[1])
        return self.map.rounded(position[None])[0], value

    def _near(self, position: Array) -> Array:
        """Draws around *position*, of which some coordinates are as they were."""
        shape = LOCAL, len(position)
        steps = np.resize(STEPS, LOCAL)[:, None] * self.rng.standard_normal(shape)
        jumps = self.rng.random(shape)
        is_moved = self.rng.random(shape) < np.maximum(0.3, 2.0 / len(position))
        is_free = np.array([not axis.is_ordered for axis in self.map.axes])
        moved = np.where(is_free, jumps, np.abs(position + steps))
        return np.where(is_moved, np.where(moved > 1.0, 2.0 - moved, moved).clip(0, 1), position)

    def _values(self, positions: Array) -> Array:
        rounded = self.map.rounded(positions)
        features = self.map.features(rounded)
        return np.where(self.is_allowed(rounded, features), self.value(features), -np.inf)

    def _improved(self, position: Array, value: float) -> tuple[Array, float]:
        for _ in range(ROUNDS):
            before = value
            position, value = self._along_gradient(position, value)
            position, value = self._among_neighbours(position, value)
            if value <= before + 1e-6:
                break
        return position, value

    def _along_gradient(self, position: Array, value: float) -> tuple[Array, float]:
        rounded = self.map.rounded(position[None])[0]
        free = [
            place
            for place, axis in enumerate(self.map.axes)
            if axis.grid is None and not np.isnan(rounded[place])
        ]
        if not free:
            return position, value
        owners = np.array(self.map.varied)[self.map.owners]
        is_mine = (owners[:, None] == np.array(free)).astype(np.float64)

        def negative(moved: Array) -> tuple[float, Array]:
            rounded[free] = moved
            found, by_feature = self.value.with_gradient(self.map.features(rounded[None])[0])
            return -found, -(by_feature * self.map.slopes(rounded)) @ is_mine

        found = minimize(
            negative, position[free], jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0)] * len(free),
            options={"maxiter": 30},
        )  # fmt: skip
        moved = position.copy()
        moved[free] = found.x.clip(0.0, 1.0)
        return self._better(position, value, moved[None])

    def _among_neighbours(self, position: Array, value: float) -> tuple[Array, float]:
        tried = []
        for place, axis in enumerate(self.map.axes):
            if axis.grid is None or len(axis.grid) == 1:
                continue
            here = int(axis.level(position[place : place + 1])[0])
            first = max(0, here - NEIGHBOURS // 2) if axis.is_ordered else 0
            last = here + NEIGHBOURS // 2 + 1 if axis.is_ordered else len(axis.grid)
            rows = np.repeat(position[None], len(axis.grid[first:last]), axis=0)
            rows[:, place] = axis.grid[first:last]
            tried.append(rows)
        return self._better(position, value, np.concatenate(tried)) if tried else (position, value)

    def _better(self, position: Array, value: float, others: Array) -> tuple[Array, float]:
        values = self._values(others)
        best = int(np.argmax(values))
        return (others[best], float(values[best])) if values[best] > value else (position, value)
