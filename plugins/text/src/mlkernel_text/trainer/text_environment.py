"""Which problems are played in which iteration."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from attrs import Factory, define
from numpy.typing import NDArray

from mlkernel_text.rollouts.episode_task import EpisodeTask
from mlkernel_text.scenario.scenario import Instance, Scenario, Split
from mlkernel_text.scenario.stable_random import stable_hash


@define(kw_only=True)
class TextEnvironment:
    """The problems of one split, and how many episodes are played on them in an iteration.

    Training goes through the problems in an order that is drawn anew in each pass, and takes up in the next iteration
    where it was; tests always play the first problems of their split.
    """

    scenario: Scenario
    split: Split
    seed: int
    episodes: int | None
    """In an iteration; ``None``: one on each problem."""
    repeats: int = 1
    """Episodes in a row on the same problem."""
    limit: int | None = None
    """Use only the first so many problems."""
    branching: Mapping[str, int] = Factory(dict)
    """Agent → answers that are followed at each of its turns; 1 for those that are not named."""

    @property
    def size(self) -> int:
        """How many problems there are."""
        available = len(self.scenario.instances(self.split))
        return available if self.limit is None else min(available, self.limit)

    def tasks(self, iteration: int) -> list[EpisodeTask]:
        """The episodes of *iteration*."""
        episodes = self.size if self.episodes is None else self.episodes
        instances = self.scenario.instances(self.split)
        return [
            EpisodeTask(
                iteration=iteration,
                split=self.split,
                index=index,
                instance=instances[self._position(iteration * episodes + index, index)],
                branching=self.branching,
            )
            for index in range(episodes)
        ]

    def instances(self, iteration: int) -> dict[str, Instance]:
        """Id → problem, of those that *iteration* plays."""
        return {task.instance.id: task.instance for task in self.tasks(iteration)}

    def _position(self, played: int, index: int) -> int:
        """The number of the problem for an episode, of which *played* came before in all iterations."""
        if self.split != "train":
            return (index // self.repeats) % self.size
        epoch, place = divmod(played // self.repeats, self.size)
        return int(_order(self.seed, epoch, self.size)[place])


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, size: int) -> NDArray[np.int64]:
    return np.random.default_rng(stable_hash("order of problems", seed, epoch)).permutation(size)
