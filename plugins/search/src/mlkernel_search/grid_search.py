"""Grid search: every combination of values once, in order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, ClassVar

from mlkernel import Capabilities, Observation, PendingTrial, SearchProblem
from mlkernel_search.configs import GridConfig
from mlkernel_search.stepwise_search import StepwiseSearch, fingerprint


class GridSearch(StepwiseSearch):
    """Goes through the grid from its first point, leaves out what was tried, and ends where the grid ends."""

    capabilities: ClassVar[Capabilities] = Capabilities(grid_search=True, several_objectives=True)
    may_repeat: ClassVar[bool] = True
    learns_everything: ClassVar[bool] = True

    def __init__(self, problem: SearchProblem, config: GridConfig | None = None) -> None:
        super().__init__(problem, config)
        self._bins = (config or GridConfig()).bins
        next(self.space.grid(self._bins), None)  # refuses what no grid can be made of, at once

    def forget(self) -> None:
        """Go back to the first point."""
        self._following = self.space.grid(self._bins)
        self._ahead: list[dict[str, Any]] = []
        self._observed: set[int] = set()

    def learn(self, observation: Observation) -> None:
        """Leave out this point."""
        self._observed.add(fingerprint(observation.parameters))

    def propose(
        self, number: int, pending: Sequence[PendingTrial], rng: random.Random
    ) -> dict[str, Any] | None:
        """The first point of the grid that is neither known nor under way."""
        del number, rng
        self._ahead = [point for point in self._ahead if fingerprint(point) not in self._observed]
        waiting = {fingerprint(trial.parameters) for trial in pending}
        for point in self._ahead:
            if fingerprint(point) not in waiting:
                return point
        for point in self._following:
            found = fingerprint(point)
            if found in self._observed:
                continue
            self._ahead.append(point)
            if found not in waiting:
                return point
        return None
