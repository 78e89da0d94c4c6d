"""``auto``: the algorithm that the space, the budget and the parallelism call for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from mlkernel import Capabilities, History, PendingTrial, SearchAlgorithm, SearchProblem
from mlkernel_search.grid_search import GridSearch
from mlkernel_search.random_search import RandomSearch

GP_UNTIL = 150
"""Observations from which on the Gaussian process costs more than it gains on TPE."""
GP_DIMENSIONS = 40
"""Parameters from which on its distances tell little."""
GP_PARALLEL = 16
"""Trials under way from which on each proposal of the Gaussian process holds up the others."""


class AutoSearch:
    """Grid where the budget covers the whole space, a Gaussian process for short studies, TPE for long ones."""

    capabilities: ClassVar[Capabilities] = Capabilities(several_objectives=True, grid_search=True)

    def __init__(self, problem: SearchProblem, config: Any = None) -> None:
        del config
        self.problem = problem
        self._made: dict[str, SearchAlgorithm] = {}
        self._history: History | None = None

    def ask(
        self, history: History, pending: Sequence[PendingTrial], numbers: Sequence[int]
    ) -> list[dict[str, Any]]:
        """Ask the algorithm of the moment."""
        return self._algorithm(self.choice(self._known(history))).ask(history, pending, numbers)

    def _known(self, history: History) -> int:
        """How many trials a history tells of; a trial that was paused may stand in it more than once."""
        if self._history is not history:
            self._history, self._read, self._numbers = history, 0, set[int]()
        for place, observation in enumerate(history.since(self._read), self._read):
            self._numbers.add(~place if observation.number is None else observation.number)
        self._read = len(history)
        return len(self._numbers)

    def choice(self, observed: int) -> str:
        """Name of the algorithm that is asked when *observed* trials are known."""
        problem, size = self.problem, self.problem.space.cardinality
        must_be_grid = bool(Capabilities(several_objectives=True).refusals(problem))
        if must_be_grid or (size is not None and size <= (problem.trials or 0)):
            return "grid"
        fits = len(problem.space.parameters) <= GP_DIMENSIONS
        is_short = observed < GP_UNTIL and problem.parallel <= GP_PARALLEL
        return "gp" if fits and is_short and len(problem.objectives) == 1 else "tpe"

    def _algorithm(self, name: str) -> SearchAlgorithm:
        if name not in self._made:
            self._made[name] = _make(name, self.problem)
        return self._made[name]


def _make(name: str, problem: SearchProblem) -> SearchAlgorithm:
    if name == "gp":
        from mlkernel_search.gp_search import GpSearch

        return GpSearch(problem)
    if name == "tpe":
        from mlkernel_search.tpe_search import TpeSearch

        return TpeSearch(problem)
    return GridSearch(problem) if name == "grid" else RandomSearch(problem)
