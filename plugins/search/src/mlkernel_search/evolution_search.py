"""Regularised evolution: mutate the best of a few members of a population that is left by age.

Real et al., *Regularized Evolution for Image Classifier Architecture Search*, AAAI 2019, algorithm 1.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mlkernel import Capabilities, Observation, PendingTrial, SearchProblem
from mlkernel_search.configs import EvolutionConfig
from mlkernel_search.stepwise_search import StepwiseSearch
from mlkernel_search.variation import mutated


class EvolutionSearch(StepwiseSearch):
    """The population is the newest successful trials, and a proposal a mutation of the best of a sample of it."""

    capabilities: ClassVar[Capabilities] = Capabilities()
    may_repeat: ClassVar[bool] = True

    def __init__(self, problem: SearchProblem, config: EvolutionConfig | None = None) -> None:
        super().__init__(problem, config)
        self._options = config or EvolutionConfig()
        self.enough = max(self.enough, self._options.population)

    def forget(self) -> None:
        """Start anew, without a population."""
        self._population: deque[tuple[float, Mapping[str, Any]]] = deque(maxlen=self._options.population)

    def learn(self, observation: Observation) -> None:
        """Let a successful trial of the space join, and the oldest one leave."""
        losses = self.problem.losses(observation)
        if losses is not None and self.space.contains(observation.parameters):
            self._population.append((losses[0], observation.parameters))

    def propose(
        self,
        number: int,
        pending: Sequence[PendingTrial],
        rng: random.Random,
    ) -> dict[str, Any]:
        """A random point until the population is complete, then a child of it."""
        del number, pending
        if len(self._population) < self._options.population:
            return self.space.sample(rng)
        sample = [rng.choice(self._population) for _ in range(self._options.sample)]
        return mutated(self.space, min(sample, key=lambda member: member[0])[1], rng)
