"""Batch refinement: after some trials, the search goes on in a smaller space around the best of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from mlkernel.errors import ConfigError
from mlkernel.study.history import History, Observation, PendingTrial
from mlkernel.study.search_algorithm import SearchAlgorithm
from mlkernel.study.search_problem import SearchProblem
from mlkernel.study.space.refinement import refine
from mlkernel.study.space.search_space import SearchSpace

MakeAlgorithm = Callable[[SearchProblem], SearchAlgorithm]
Ranked = tuple[float, float, int, Observation]
"""The newest observation of a trial, after what it is ranked by: budget, the largest first, loss and place."""


class RefinedSearch:
    """Asks an algorithm about spaces that shrink at given lengths of the history.

    :param make: makes the algorithm for a problem.
    :param refine_after: successful trials after which the space shrinks, rising.
    :param refine_top_k: how many of the best trials the smaller space must hold.
    :raises ConfigError: they do not rise, or there are several objectives, among which none is the best.
    """

    def __init__(
        self, problem: SearchProblem, make: MakeAlgorithm, refine_after: Sequence[int], refine_top_k: int
    ) -> None:
        thresholds = tuple(refine_after)
        if thresholds != tuple(sorted(set(thresholds))) or min(thresholds, default=1) < 1:
            raise ConfigError(f"refine_after must rise from 1 on, not {list(thresholds)}")
        if refine_top_k < 2 or len(problem.objectives) > 1:
            raise ConfigError("refinement needs a single objective, and refine_top_k from 2 on")
        self._problem, self._make = problem, make
        self._thresholds, self._top_k = thresholds, refine_top_k
        self._history: History | None = None

    def ask(
        self, history: History, pending: Sequence[PendingTrial], numbers: Sequence[int]
    ) -> list[dict[str, Any]]:
        """Propose points of the space that the trials so far have left."""
        if self._history is not history:
            self._history, self._read = history, 0
            self._best: dict[int, Ranked] = {}
            self._enter(self._problem.space)
        for observation in history.since(self._read):
            self._read += 1
            self._take(observation)
        inside = [trial for trial in pending if self._space.contains(trial.parameters)]
        return self._algorithm.ask(self._visible, inside, numbers)

    def _take(self, observation: Observation) -> None:
        losses = self._problem.losses(observation)
        if self._space.contains(observation.parameters):
            self._visible.append(observation)
        if losses is None or not self._problem.space.contains(observation.parameters):
            return
        trial = -self._read if observation.number is None else observation.number
        is_first = trial not in self._best
        budget = math.inf if observation.budget is None else observation.budget
        self._best[trial] = (-budget, losses[0], self._read, observation)
        if is_first and len(self._best) in self._thresholds:
            self._shrink()

    def _shrink(self) -> None:
        candidates = [entry for entry in self._best.values() if self._space.contains(entry[3].parameters)]
        best = [
            entry[3].parameters for entry in sorted(candidates, key=lambda entry: entry[:3])[: self._top_k]
        ]
        seen = list(self._visible)
        self._enter(refine(self._space, best))
        for observation in seen:
            if self._space.contains(observation.parameters):
                self._visible.append(observation)

    def _enter(self, space: SearchSpace) -> None:
        # The points to evaluate are those of the first trials; they may lie outside of what is left.
        points = self._problem.points_to_evaluate if space is self._problem.space else ()
        self._space = space
        self._algorithm = self._make(attrs.evolve(self._problem, space=space, points_to_evaluate=points))
        self._visible = History()
