"""What algorithms share that fit a model to points and losses: memory, start, failed trials."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from attrs import frozen

from mlkernel import Capabilities, Observation, PendingTrial, SearchProblem
from mlkernel_search.model_memory import ModelMemory
from mlkernel_search.stepwise_search import StepwiseSearch

Point = Mapping[str, Any]


@frozen(kw_only=True)
class Sample:
    """A trial of the space that ended."""

    point: Point
    losses: tuple[float, ...] | None


class ModelledSearch(StepwiseSearch):
    """Proposes random points until ``startup`` trials have succeeded, then what a model of one loss says.

    :param startup: so many.
    """

    capabilities: ClassVar[Capabilities] = Capabilities()
    may_repeat: ClassVar[bool] = True
    attempts: ClassVar[int] = 2
    newest: ClassVar[int] = 100
    """Newest observations that the model is fitted to, and fewer than twice as many."""
    best: ClassVar[int] = 100
    """Best observations before them that it is fitted to as well."""

    def __init__(self, problem: SearchProblem, config: Any, startup: int) -> None:
        super().__init__(problem, config)
        self._startup = startup
        self.enough = max(self.enough, startup)
        self._is_fixed = all(parameter.dimension.levels == 1 for parameter in problem.space.parameters)

    def forget(self) -> None:
        """Start anew, with no trials."""
        self._memory = ModelMemory[Sample](self.newest, self.best, lambda sample: sample.losses)

    def learn(self, observation: Observation) -> None:
        """Keep an observation of the space."""
        if self.space.contains(observation.parameters):
            losses = self.problem.losses(observation)
            self._memory.add(Sample(point=observation.parameters, losses=losses))

    @property
    def succeeded(self) -> int:
        """How many of the trials that the model would be fitted to have succeeded."""
        return sum(sample.losses is not None for sample in self._memory.entries)

    def propose(self, number: int, pending: Sequence[PendingTrial], rng: random.Random) -> dict[str, Any]:
        """A random point at first, then one that the model proposes."""
        del number
        samples = self._memory.entries
        known = [sample.losses[0] for sample in samples if sample.losses is not None]
        if len(known) < self._startup or self._is_fixed:
            return self.space.sample(rng)
        worst = max(known)
        losses = [worst if sample.losses is None else sample.losses[0] for sample in samples]
        running = [trial.parameters for trial in pending if self.space.contains(trial.parameters)]
        return self.modelled([sample.point for sample in samples], losses, running, rng)

    @abstractmethod
    def modelled(
        self, points: Sequence[Point], losses: Sequence[float], pending: Sequence[Point], rng: random.Random
    ) -> dict[str, Any]:
        """Propose a point.

        :param points: of the space.
        :param losses: of each; where a trial failed, the worst of the others.
        :param pending: points of the space that are under way.
        """
