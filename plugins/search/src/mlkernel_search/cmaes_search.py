"""CMA-ES for numbers, whole numbers and categories, by the package ``cmaes``.

Hamano et al., *CatCMA with Margin: Stochastic Optimization for Continuous, Integer, and Categorical Variables*, GECCO
2025; restarted with twice the population, Auger and Hansen, *A Restart CMA Evolution Strategy With Increasing
Population Size*, CEC 2005.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from cmaes import CatCMAwM

from mlkernel import Capabilities, Observation, Parameter, PendingTrial, SearchProblem
from mlkernel_search.configs import CmaesConfig
from mlkernel_search.stepwise_search import StepwiseSearch

MOST_LEVELS = 100
"""Parameters with more values than this are taken for continuous ones."""

Entry = tuple[list[float], float | None]
"""Position in the unit cube, and loss."""


class CmaesSearch(StepwiseSearch):
    """Draws from a distribution that every generation of trials moves; which trials those are, the history says."""

    capabilities: ClassVar[Capabilities] = Capabilities()

    def __init__(self, problem: SearchProblem, config: CmaesConfig | None = None) -> None:
        super().__init__(problem, config)
        self._options = config or CmaesConfig()
        self._variables = Variables(problem.space.parents_first)

    def forget(self) -> None:
        """Start anew, with the widest distribution."""
        self._generation: list[Entry] = []
        self._strategy = self._variables.strategy(self._options.population)

    def learn(self, observation: Observation) -> None:
        """Let an observation of the space join its generation; move the distribution when that is complete."""
        if self._strategy is None or not self.space.contains(observation.parameters):
            return
        losses = self.problem.losses(observation)
        self._generation.append((self.space.to_unit(observation.parameters), losses[0] if losses else None))
        if len(self._generation) < self._strategy.population_size:
            return
        distinct = {loss for _, loss in self._generation}
        if len(distinct) > 1:  # where all are alike, or failed, nothing can be learnt
            self._move()
        self._generation = []

    def propose(self, number: int, pending: Sequence[PendingTrial], rng: random.Random) -> dict[str, Any]:
        """Draw from the distribution; trials under way are of the same generation."""
        del number, pending
        if self._strategy is None:
            return self.space.sample(rng)
        self._strategy.reseed_rng(rng.randrange(2**32))
        return self.space.from_unit(self._variables.position(self._strategy.ask()))

    def _move(self) -> None:
        strategy = self._strategy
        assert strategy is not None
        ranked = sorted(self._generation, key=lambda entry: math.inf if entry[1] is None else entry[1])
        # Ranks instead of losses: the package's penalties have no scale where half of a generation are alike.
        strategy.tell([(self._variables.solution(p), float(rank)) for rank, (p, _) in enumerate(ranked)])
        if self._variables.has_numbers and strategy.should_stop():
            self._strategy = self._variables.strategy(2 * strategy.population_size)


class Variables:
    """Between positions in the unit cube and what the strategy calls x, z and c."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self._count = len(parameters)
        self._levels = [parameter.dimension.levels for parameter in parameters]
        varied = [place for place, levels in enumerate(self._levels) if levels != 1]
        ordered = [place for place in varied if parameters[place].dimension.is_ordered]
        self._c = [place for place in varied if place not in ordered]
        self._z = [place for place in ordered if (self._levels[place] or MOST_LEVELS + 1) <= MOST_LEVELS]
        self._x = [place for place in ordered if place not in self._z]

    @property
    def has_numbers(self) -> bool:
        """Whether any parameter is ordered."""
        return bool(self._x or self._z)

    def strategy(self, population: int | None) -> CatCMAwM | None:
        """A strategy that knows nothing; ``None`` if there is nothing to vary."""
        if not (self._x or self._z or self._c):
            return None
        steps = [[(step + 0.5) / self._of(place) for step in range(self._of(place))] for place in self._z]
        return CatCMAwM(
            x_space=[[0.0, 1.0]] * len(self._x) or None,
            z_space=steps or None,
            c_space=[self._of(place) for place in self._c] or None,
            population_size=population,
            seed=0,
        )

    def solution(self, position: Sequence[float]) -> CatCMAwM.Solution:
        """What the strategy is told of a point."""
        x = np.array([position[place] for place in self._x])
        z = np.array([(self._step(place, position[place]) + 0.5) / self._of(place) for place in self._z])
        rows = max((self._of(place) for place in self._c), default=0)
        c = np.zeros((len(self._c), rows), dtype=bool)
        for row, place in enumerate(self._c):
            c[row, self._step(place, position[place])] = True
        return CatCMAwM.Solution(
            x if self._x else None, z if self._z else None, c if self._c else None, np.concatenate([x, z])
        )

    def position(self, solution: CatCMAwM.Solution) -> list[float]:
        """The position of a point that the strategy asks about; in the middle where nothing varies."""
        found = [0.5] * self._count
        for places, values in ((self._x, solution.x), (self._z, solution.z)):
            for place, value in zip(places, [] if values is None else values, strict=True):
                found[place] = min(max(float(value), 0.0), 1.0)
        for place, row in zip(self._c, [] if solution.c is None else solution.c, strict=True):
            found[place] = (int(np.argmax(row)) + 0.5) / self._of(place)
        return found

    def _of(self, place: int) -> int:
        return self._levels[place] or 1

    def _step(self, place: int, position: float) -> int:
        return min(int(position * self._of(place)), self._of(place) - 1)
