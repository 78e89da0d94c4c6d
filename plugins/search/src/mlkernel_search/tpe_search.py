"""The tree-structured Parzen estimator, by Optuna.

Bergstra et al., *Algorithms for Hyper-Parameter Optimization*, NeurIPS 2011; in Optuna's multivariate form with
constant liars, Watanabe, *Tree-Structured Parzen Estimator*, arXiv:2304.11127 (2023). With several objectives it is
MOTPE: Ozaki et al., JAIR 73 (2022).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from attrs import mutable
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from mlkernel import Capabilities, Observation, Parameter, PendingTrial, SearchProblem
from mlkernel_search.configs import TpeConfig
from mlkernel_search.model_memory import ModelMemory
from mlkernel_search.optuna_trials import Encoding, frozen_trial, study_of
from mlkernel_search.parzen_sampler import ParzenSampler
from mlkernel_search.stepwise_search import StepwiseSearch

NEWEST, BEST = 75, 75
"""Observations that the densities are made of, so that a proposal takes the same time after 100,000 trials."""


@mutable(kw_only=True)
class Ended:
    """A trial that ended, and what Optuna calls it once it was asked about."""

    number: int
    parameters: Mapping[str, Any]
    losses: Sequence[float] | None
    trial: FrozenTrial | None = None


class TpeSearch(StepwiseSearch):
    """Models the parameters that are always active by one joint density, and each conditional one by its own."""

    capabilities: ClassVar[Capabilities] = Capabilities(several_objectives=True)

    def __init__(self, problem: SearchProblem, config: TpeConfig | None = None) -> None:
        super().__init__(problem, config)
        self._options = config or TpeConfig()
        self.enough = max(self.enough, self._options.startup_trials)
        self._encoding = Encoding(problem.space)
        self._groups = _groups(problem.space.parents_first)
        self._sampler = ParzenSampler(study_of([], len(problem.objectives)), self._options.candidates)

    def forget(self) -> None:
        """Start anew, with no trials."""
        self._count = 0
        self._memory = ModelMemory[Ended](NEWEST, BEST, lambda ended: ended.losses)

    def learn(self, observation: Observation) -> None:
        """Keep an observation of the space as a trial; a failed one is as bad as any."""
        if not self.space.contains(observation.parameters):
            return
        losses = self.problem.losses(observation)
        self._memory.add(Ended(number=self._count, parameters=observation.parameters, losses=losses))
        self._count += 1

    def propose(self, number: int, pending: Sequence[PendingTrial], rng: random.Random) -> dict[str, Any]:
        """Draw from the density of the good trials the point that the bad ones make least likely."""
        del number
        seed = rng.randrange(2**32)
        if self._count < self._options.startup_trials:
            return self.space.sample(rng)
        running = [
            self._trial(self._count + place, trial.parameters, None, TrialState.RUNNING)
            for place, trial in enumerate(pending)
            if self.space.contains(trial.parameters)
        ]
        self._sampler.learn([*map(self._ended, self._memory.entries), *running], seed)
        point: dict[str, Any] = {}
        for group in self._groups:
            if group[0].is_active(point):
                found = self._sampler.propose(self._distributions(group))
                for parameter in group:
                    value = self._encoding.decode(parameter.name, found.get(parameter.name, 0))
                    point[parameter.name] = value
        return point

    def _distributions(self, group: Sequence[Parameter]) -> dict[str, BaseDistribution]:
        known = self._encoding.distributions
        return {parameter.name: known[parameter.name] for parameter in group if parameter.name in known}

    def _ended(self, ended: Ended) -> FrozenTrial:
        if ended.trial is None:
            state = TrialState.PRUNED if ended.losses is None else TrialState.COMPLETE
            ended.trial = self._trial(ended.number, ended.parameters, ended.losses, state)
        return ended.trial

    def _trial(
        self, number: int, point: Any, losses: Sequence[float] | None, state: TrialState
    ) -> FrozenTrial:
        names = [name for name in point if name in self._encoding.distributions]
        return frozen_trial(
            number,
            {name: self._encoding.encode(name, point[name]) for name in names},
            {name: self._encoding.distributions[name] for name in names},
            losses,
            state,
        )


def _groups(parameters: Sequence[Parameter]) -> list[list[Parameter]]:
    """Parameters that are always active, together; conditional ones, of which fewer values are known, one by one."""
    together = [parameter for parameter in parameters if not parameter.conditions]
    return [together, *([parameter] for parameter in parameters if parameter.conditions)]
