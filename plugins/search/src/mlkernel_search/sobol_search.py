"""Sobol's sequence: points that cover the unit cube more evenly than random ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, ClassVar

from mlkernel import Capabilities, PendingTrial, SearchProblem, trial_seed
from mlkernel_search.stepwise_search import StepwiseSearch


class SobolSequence:
    """A scrambled Sobol sequence, any point of which can be computed.

    :param dimensions: of the cube.
    :param seed: of the scrambling.
    """

    def __init__(self, dimensions: int, seed: int) -> None:
        from scipy.stats import qmc

        self._engine = qmc.Sobol(max(dimensions, 1), scramble=True, rng=seed)
        self._dimensions = dimensions

    def point(self, index: int) -> list[float]:
        """Coordinates in [0, 1) of the point *index*, from 0."""
        if index < self._engine.num_generated:
            self._engine.reset()
        if index > self._engine.num_generated:
            self._engine.fast_forward(index - self._engine.num_generated)
        return [float(coordinate) for coordinate in self._engine.random(1)[0, : self._dimensions]]


class SobolSearch(StepwiseSearch):
    """Trial *n* tries point *n* of a scrambled Sobol sequence."""

    capabilities: ClassVar[Capabilities] = Capabilities(several_objectives=True)
    attempts: ClassVar[int] = 1

    def __init__(self, problem: SearchProblem, config: Any = None) -> None:
        super().__init__(problem, config)
        self._sequence = SobolSequence(
            len(problem.space.parameters), trial_seed(problem.seed, 0, "sobol scrambling")
        )

    def propose(
        self,
        number: int,
        pending: Sequence[PendingTrial],
        rng: random.Random,
    ) -> dict[str, Any]:
        """The point of the sequence."""
        return self.space.from_unit(self._sequence.point(number))
