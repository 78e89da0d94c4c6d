"""What is to be sampled."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import Factory, frozen

from mlkernel_text.scenario.scenario import Instance, Split
from mlkernel_text.scenario.stable_random import stable_hash


@frozen(kw_only=True)
class EpisodeTask:
    """One episode that is wanted."""

    iteration: int
    split: Split
    index: int
    """Position among the episodes of its iteration and split, from 0."""
    instance: Instance
    branching: Mapping[str, int] = Factory(dict)
    """Agent → how many answers are followed at each of its turns; 1 where nothing is said. All 1: a chain."""

    def seed(self, run_seed: int) -> int:
        """The episode's seed in [0, 2⁶³).

        Episodes of other splits than ``train`` have the same seed in every iteration, so that a learning curve
        compares models on one draw.
        """
        iteration = self.iteration if self.split == "train" else 0
        return stable_hash(run_seed, "episode", self.split, iteration, self.index)
