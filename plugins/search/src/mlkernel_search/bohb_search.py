"""The model of BOHB: kernel densities of good and of bad points, on the largest budget that has enough of both.

Falkner et al., *BOHB: Robust and Efficient Hyperparameter Optimization at Scale*, ICML 2018, section 3.2 and
algorithm 2. Its brackets are the trial scheduler's part.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from mlkernel import Capabilities, Observation, PendingTrial, SearchProblem
from mlkernel_search.configs import BohbConfig
from mlkernel_search.kernel_density import Axes, KernelDensity
from mlkernel_search.model_memory import ModelMemory
from mlkernel_search.stepwise_search import StepwiseSearch

NEWEST, BEST = 150, 150
"""Observations of a budget that the densities are made of."""

Entry = tuple[Mapping[str, Any], Sequence[float] | None]
"""Parameters and losses."""


class BohbSearch(StepwiseSearch):
    """Draws from the density of the good points, and proposes the draw that the bad ones make least likely."""

    capabilities: ClassVar[Capabilities] = Capabilities()
    learns_everything: ClassVar[bool] = True

    def __init__(self, problem: SearchProblem, config: BohbConfig | None = None) -> None:
        super().__init__(problem, config)
        self._options = config or BohbConfig()
        self._axes = Axes(problem.space)

    def forget(self) -> None:
        """Start anew, with no trials."""
        self._budgets: dict[float, ModelMemory[Entry]] = {}

    def learn(self, observation: Observation) -> None:
        """Keep an observation of the space with those of its budget."""
        if not self.space.contains(observation.parameters):
            return
        budget = math.inf if observation.budget is None else observation.budget
        if budget not in self._budgets:
            self._budgets[budget] = ModelMemory[Entry](NEWEST, BEST, lambda entry: entry[1])
        self._budgets[budget].add((observation.parameters, self.problem.losses(observation)))

    def propose(self, number: int, pending: Sequence[PendingTrial], rng: random.Random) -> dict[str, Any]:
        """A point of the model; a random one without it, and now and then."""
        del number
        entries = self._enough()
        if entries is None or rng.random() < self._options.random_fraction:
            return self.space.sample(rng)
        good, bad = self._densities(entries, pending, rng)
        draws = np.array(
            [good.draw(rng, self._options.bandwidth_factor) for _ in range(self._options.candidates)]
        )
        best = int(np.argmax(good.logarithm(draws) - bad.logarithm(draws)))
        return self.space.from_unit(self._axes.positions(draws[best]))

    def _enough(self) -> list[Entry] | None:
        """What is known on the largest budget with at least two observations more than a density needs."""
        for budget in sorted(self._budgets, reverse=True):
            entries = self._budgets[budget].entries
            if sum(losses is not None for _, losses in entries) >= self._fewest + 2:
                return entries
        return None

    @property
    def _fewest(self) -> int:
        return self._options.min_points or len(self.space.parameters) + 1

    def _densities(
        self, entries: Sequence[Entry], pending: Sequence[PendingTrial], rng: random.Random
    ) -> tuple[KernelDensity, KernelDensity]:
        """Densities of the good and the bad; failed trials and those under way are bad ones."""
        known = sorted((losses[0], place) for place, (_, losses) in enumerate(entries) if losses is not None)
        ordered = [entries[place][0] for _, place in known]
        good = max(self._fewest, math.ceil(self._options.good_fraction * len(ordered)))
        bad = ordered[-max(self._fewest, len(ordered) - good) :]
        failed = [point for point, losses in entries if losses is None]
        running = [trial.parameters for trial in pending if self.space.contains(trial.parameters)]
        return self._density(ordered[:good], rng), self._density([*bad, *failed, *running], rng)

    def _density(self, points: Sequence[Mapping[str, Any]], rng: random.Random) -> KernelDensity:
        return KernelDensity(self._axes, [self._axes.encode(point) for point in points], rng)
