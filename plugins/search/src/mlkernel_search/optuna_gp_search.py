"""Bayesian optimisation with a Gaussian process, by Optuna, on the unit cube of the whole space.

Optuna's sampler models only parameters that every trial has. Here a trial has them all: those that are inactive are
told with the middle of their range, and left out of the point. Where a space has conditions, that proposal decides
which parameters are active; their values come from a second process, of the trials that had the same ones.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from optuna.exceptions import ExperimentalWarning
from optuna.samplers import GPSampler
from optuna.trial import FrozenTrial, TrialState

from mlkernel import Capabilities, Observation, PendingTrial, SearchProblem
from mlkernel_search.configs import OptunaGpConfig
from mlkernel_search.model_memory import ModelMemory
from mlkernel_search.optuna_trials import Encoding, frozen_trial, study_of
from mlkernel_search.stepwise_search import StepwiseSearch

NEWEST, BEST = 100, 100
"""Observations that the process is fitted to: the effort grows with the third power of their number."""

BRANCH = 4
"""Trials of a branch that a process of its own needs."""

Entry = tuple[int, Mapping[str, Any], Sequence[float] | None, Mapping[str, Any]]
"""Place in the history, encoded parameters, losses, and parameters."""


class OptunaGpSearch(StepwiseSearch):
    """Proposes where the expected improvement is largest, trials under way integrated out."""

    capabilities: ClassVar[Capabilities] = Capabilities(several_objectives=True)
    may_repeat: ClassVar[bool] = True
    attempts: ClassVar[int] = 2

    def __init__(self, problem: SearchProblem, config: OptunaGpConfig | None = None) -> None:
        super().__init__(problem, config)
        self._options = config or OptunaGpConfig()
        self.enough = max(self.enough, self._options.startup_trials)
        self._encoding = Encoding(problem.space)
        self._names = [parameter.name for parameter in problem.space.parents_first]
        self._deciding = {
            condition.parent for parameter in problem.space.parameters for condition in parameter.conditions
        }

    def forget(self) -> None:
        """Start anew, with no trials."""
        self._count = 0
        self._memory = ModelMemory[Entry](NEWEST, BEST, lambda entry: entry[2])

    def learn(self, observation: Observation) -> None:
        """Keep an observation of the space."""
        if self.space.contains(observation.parameters):
            encoded = self._encoded(observation.parameters)
            losses = self.problem.losses(observation)
            self._memory.add((self._count, encoded, losses, observation.parameters))
            self._count += 1

    def propose(self, number: int, pending: Sequence[PendingTrial], rng: random.Random) -> dict[str, Any]:
        """A random point at first, then the one of the largest expected improvement.

        Not a Sobol point: from evenly spread ones, the process learns too little of short distances.
        """
        del number
        known = [entry for entry in self._memory.entries if entry[2] is not None]
        if len(known) < self._options.startup_trials or not self._encoding.distributions:
            return self.space.sample(rng)
        running = [
            self._trial(self._count + place, self._encoded(trial.parameters), None)
            for place, trial in enumerate(pending)
            if self.space.contains(trial.parameters)
        ]
        study = study_of([*self._ended(), *running], len(self.problem.objectives))
        found = self._sampler(rng.randrange(2**32)).sample_relative(
            study, self._trial(self._count + len(running), {}, None), self._encoding.distributions
        )
        point = self._point(found)
        return self._within_branch(point, pending, rng) if self._deciding else point

    def _within_branch(
        self, point: dict[str, Any], pending: Sequence[PendingTrial], rng: random.Random
    ) -> dict[str, Any]:
        """*point* with other values of what is not decided by it: which parameters there are.

        In the whole space, a point differs from those that were tried in parameters that it does not have, and looks
        new however often it was tried.
        """
        alike = [
            (encoded, losses)
            for _, encoded, losses, tried in self._memory.entries
            if losses is not None and self._is_alike(tried, point)
        ]
        free = [name for name in point if name in self._encoding.distributions and name not in self._deciding]
        if len(alike) < BRANCH or not free:
            return point
        running = [
            (self._encoded(trial.parameters), None)
            for trial in pending
            if self.space.contains(trial.parameters) and self._is_alike(trial.parameters, point)
        ]
        told = [
            self._trial(place, {name: encoded[name] for name in free}, losses)
            for place, (encoded, losses) in enumerate([*alike, *running])
        ]
        study = study_of(told, len(self.problem.objectives))
        found = self._sampler(rng.randrange(2**32)).sample_relative(
            study,
            self._trial(len(told), {}, None),
            {name: self._encoding.distributions[name] for name in free},
        )
        return point | {name: self._encoding.decode(name, found[name]) for name in free if name in found}

    def _is_alike(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        decided = (one.get(name) == other.get(name) for name in self._deciding)
        return one.keys() == other.keys() and all(decided)

    def _sampler(self, seed: int) -> GPSampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return GPSampler(
                seed=seed, n_startup_trials=1, deterministic_objective=self._options.deterministic
            )

    def _ended(self) -> list[FrozenTrial]:
        """The trials that ended; failed ones with the worst losses of the others."""
        entries = self._memory.entries
        worst = [
            max(column) for column in zip(*(losses for _, _, losses, _ in entries if losses), strict=True)
        ]
        return [self._trial(place, encoded, losses or worst) for place, encoded, losses, _ in entries]

    def _encoded(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """The whole position of *point*: inactive parameters are in their middle."""
        position = zip(self._names, self.space.to_unit(point), strict=True)
        return {
            name: self._encoding.at(name, coordinate)
            for name, coordinate in position
            if name in self._encoding.distributions
        }

    def _trial(self, number: int, encoded: Mapping[str, Any], losses: Sequence[float] | None) -> FrozenTrial:
        distributions = {name: self._encoding.distributions[name] for name in encoded}
        state = TrialState.RUNNING if losses is None else TrialState.COMPLETE
        return frozen_trial(number, encoded, distributions, losses, state)

    def _point(self, found: Mapping[str, Any]) -> dict[str, Any]:
        point: dict[str, Any] = {}
        for parameter in self.space.parents_first:
            if parameter.is_active(point):
                point[parameter.name] = self._encoding.decode(parameter.name, found.get(parameter.name, 0))
        return point
