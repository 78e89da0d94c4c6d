"""What all algorithms of this package share: points that repeat nothing, found one after the other."""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, ClassVar

from mlkernel import (
    Capabilities,
    History,
    Observation,
    PendingTrial,
    SearchProblem,
    trial_random,
)
from mlkernel_search.budget_level import BudgetLevel
from mlkernel_search.unseen_points import unseen_point

ENOUGH = 10
"""Trials that have reached a budget before trials are compared by what they were worth there, at least."""


class StepwiseSearch(ABC):
    """Proposes one point after the other, each with those before it pending.

    A subclass says how to propose, and what to keep of the observations, in :meth:`forget` and :meth:`learn`: a cache,
    rebuilt whenever the history is another one.

    Trials that were paused or ended early tell what they were worth on a part of the effort. A subclass learns of each
    trial once, by its observation on the highest budget that enough trials have reached, as :class:`BudgetLevel` says.
    """

    capabilities: ClassVar[Capabilities] = Capabilities()
    attempts: ClassVar[int] = 4
    """Proposals to ask for until one is new and satisfies the constraints; then random points are tried."""
    may_repeat: ClassVar[bool] = False
    """Whether two proposals may be equal even in a continuous space."""

    learns_everything: ClassVar[bool] = False
    """Whether it learns of every observation, in their order, whatever their budgets."""

    def __init__(self, problem: SearchProblem, config: Any = None) -> None:
        self.problem = problem
        self.space = problem.space
        self.config = config
        self._history: History | None = None
        self.enough = max(ENOUGH, len(problem.space.parameters) + 3)
        """Trials that have reached a budget before what they were worth there is learnt."""
        self._must_compare = self.may_repeat or not any(
            parameter.dimension.levels is None and not parameter.conditions
            for parameter in self.space.parameters
        )

    def ask(
        self, history: History, pending: Sequence[PendingTrial], numbers: Sequence[int]
    ) -> list[dict[str, Any]]:
        """Propose a point for each of *numbers*; fewer when the space has no others left."""
        self._catch_up(history)
        waiting = list(pending)
        proposals: list[dict[str, Any]] = []
        for number in numbers:
            point = self._new_point(number, waiting)
            if point is None:
                break
            proposals.append(point)
            waiting.append(PendingTrial(number=number, parameters=point))
        return proposals

    @abstractmethod
    def propose(
        self, number: int, pending: Sequence[PendingTrial], rng: random.Random
    ) -> Mapping[str, Any] | None:
        """A point for trial *number*; ``None`` if the space is searched completely.

        :param pending: the trials under way, and those proposed before this one.
        :param rng: all randomness that may be used; another one at each attempt.
        """

    def forget(self) -> None:  # noqa: B027 - not every algorithm learns
        """Start anew, with an empty history."""

    def learn(self, observation: Observation) -> None:  # noqa: B027
        """Take one more observation into account; it may have failed, or lie outside of the space."""

    def _catch_up(self, history: History) -> None:
        if self._history is not history:
            self._history, self._read = history, 0
            self._tried: set[int] = set()
            self._level: BudgetLevel | None = None
            self.forget()
        for observation in history.since(self._read):
            if self._must_compare:
                self._tried.add(fingerprint(observation.parameters))
            if self.learns_everything or (self._level is None and observation.budget is None):
                self.learn(observation)
            else:
                self._learn_at_level(history, observation)
            self._read += 1

    def _learn_at_level(self, history: History, observation: Observation) -> None:
        """Learn of the newest observation, if it counts; of others instead of those so far, if the level has risen."""
        if self._level is None:
            self._level = BudgetLevel(self.enough)
            for place in range(self._read):
                self._has_risen(self._level, history[place], place)
                self._level.admits(history[place], place)
        if self._has_risen(self._level, observation, self._read):
            self.forget()
            self._level.start_over()
            for place in range(self._read):
                if self._level.admits(history[place], place):
                    self.learn(history[place])
        if self._level.admits(observation, self._read):
            self.learn(observation)

    def _has_risen(self, level: BudgetLevel, observation: Observation, place: int) -> bool:
        is_success = self.problem.losses(observation) is not None
        return is_success and self.space.contains(observation.parameters) and level.note(observation, place)

    def _new_point(self, number: int, pending: Sequence[PendingTrial]) -> dict[str, Any] | None:
        seed, prepared = self.problem.seed, self.problem.points_to_evaluate
        if 0 <= number < len(prepared):
            return self.space.sample(trial_random(seed, number, "rest of the point"), prepared[number])
        waiting = {fingerprint(trial.parameters) for trial in pending} if self._must_compare else set()
        for attempt in range(self.attempts):
            proposal = self.propose(number, pending, trial_random(seed, number, f"attempt {attempt}"))
            if proposal is None:
                return None
            point = dict(proposal)
            if self.space.satisfies(point) and not self._is_known(point, waiting):
                return point
        return unseen_point(
            self.space,
            trial_random(seed, number, "unseen"),
            lambda point: self._is_known(point, waiting),
            is_finite=self.space.cardinality is not None,
        )

    def _is_known(self, point: Mapping[str, Any], waiting: set[int]) -> bool:
        if not self._must_compare:
            return False
        found = fingerprint(point)
        return found in self._tried or found in waiting


def fingerprint(point: Mapping[str, Any]) -> int:
    """A number that two different points share with a probability of 2⁻⁶⁴."""
    text = json.dumps(point, sort_keys=True).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
