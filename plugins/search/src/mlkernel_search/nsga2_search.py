"""NSGA-II, one child at a time: several objectives without weights.

Deb et al., *A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II*, IEEE TEC 6 (2002); the population is
selected anew after each trial instead of each generation, so that no worker waits for the others.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mlkernel import Capabilities, Observation, PendingTrial, SearchProblem
from mlkernel_search.configs import Nsga2Config
from mlkernel_search.pareto import domination_ranks
from mlkernel_search.stepwise_search import StepwiseSearch
from mlkernel_search.variation import crossed, mutated

Member = tuple[Sequence[float], Mapping[str, Any]]
"""Losses and parameters of a trial."""


class Nsga2Search(StepwiseSearch):
    """Crosses and mutates trials that few others dominate and that have few others near."""

    capabilities: ClassVar[Capabilities] = Capabilities(single_objective=False, several_objectives=True)
    may_repeat: ClassVar[bool] = True

    def __init__(self, problem: SearchProblem, config: Nsga2Config | None = None) -> None:
        super().__init__(problem, config)
        self.population = (config or Nsga2Config()).population
        self.enough = max(self.enough, self.population)

    def order(self, losses: Sequence[Sequence[float]]) -> list[int]:
        """Places of *losses*, the best first."""
        return fitness_order(losses)

    def forget(self) -> None:
        """Start anew, without a population."""
        self._members: list[Member] = []

    def learn(self, observation: Observation) -> None:
        """Let a successful trial of the space join; the worst member leaves a population that is too large."""
        losses = self.problem.losses(observation)
        if losses is None or not self.space.contains(observation.parameters):
            return
        self._members.append((losses, observation.parameters))
        if len(self._members) > self.population:
            order = self.order([losses for losses, _ in self._members])
            self._members.pop(order[-1])

    def propose(
        self,
        number: int,
        pending: Sequence[PendingTrial],
        rng: random.Random,
    ) -> dict[str, Any]:
        """A random point until the population is complete, then a child of two winners of tournaments."""
        del number, pending
        if len(self._members) < self.population:
            return self.space.sample(rng)
        order = self.order([losses for losses, _ in self._members])
        one, other = (self._members[order[min(rng.choices(range(len(order)), k=2))]][1] for _ in range(2))
        return mutated(self.space, crossed(self.space, one, other, rng), rng)


def fitness_order(losses: Sequence[Sequence[float]]) -> list[int]:
    """Places of *losses*, the best first: by their fronts, within a front the lonely ones before the crowded."""
    ranks = domination_ranks(losses)
    distances = [0.0] * len(losses)
    for rank in set(ranks):
        front = [place for place, found in enumerate(ranks) if found == rank]
        for objective in range(len(losses[0])):
            column = [row[objective] for row in losses]
            _add_distances(distances, sorted(front, key=column.__getitem__), column)
    return sorted(range(len(losses)), key=lambda place: (ranks[place], -distances[place], place))


def _add_distances(distances: list[float], front: Sequence[int], column: Sequence[float]) -> None:
    """Add the distance of each one's neighbours in one objective; the outermost ones are infinitely lonely."""
    lowest, highest = column[front[0]], column[front[-1]]
    distances[front[0]] = distances[front[-1]] = math.inf
    if highest == lowest:
        return
    for before, place, after in zip(front, front[1:], front[2:], strict=False):
        distances[place] += (column[after] - column[before]) / (highest - lowest)
