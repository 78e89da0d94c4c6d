"""The contract of search algorithms: proposals are a pure function of what is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from attrs import frozen

from mlkernel.study.history import History, PendingTrial
from mlkernel.study.search_problem import SearchProblem
from mlkernel.study.space.value_lists import Categorical


@frozen(kw_only=True)
class Capabilities:
    """Which problems an algorithm takes; it refuses the others."""

    conditions: bool = True
    """Parameters that are active only for some values of others."""
    constraints: bool = True
    """Expressions that points must satisfy."""
    unordered: bool = True
    """Categorical parameters."""
    countless: bool = True
    """Parameters whose values cannot be counted, without ``bins``."""
    grid_search: bool = False
    """Categorical parameters of which every value is to be tried once for each choice of the others."""
    single_objective: bool = True
    """One objective."""
    several_objectives: bool = False
    """Two or more objectives, without weights."""

    def refusals(self, problem: SearchProblem) -> list[str]:
        """What of *problem* an algorithm with these capabilities cannot do, in the words of a list."""
        dimensions = [parameter.dimension for parameter in problem.space.parameters]
        present = {
            "conditions": problem.space.is_conditional,
            "constraints": bool(problem.space.constraints),
            "unordered": any(not dimension.is_ordered for dimension in dimensions),
            "countless": any(
                dimension.levels is None and getattr(dimension, "bins", None) is None
                for dimension in dimensions
            ),
            "grid_search": any(isinstance(found, Categorical) and found.grid_search for found in dimensions),
            "single_objective": len(problem.objectives) == 1,
            "several_objectives": len(problem.objectives) > 1,
        }
        return [words for name, words in WORDS.items() if present[name] and not getattr(self, name)]


WORDS = {
    "conditions": "conditional parameters",
    "constraints": "constraints",
    "unordered": "categorical parameters",
    "countless": "continuous parameters without bins",
    "grid_search": "categorical parameters with grid_search",
    "single_objective": "a single objective",
    "several_objectives": "several objectives",
}


class SearchAlgorithm(Protocol):
    """Proposes points. Its factory is called with the problem and its configuration, ``None`` if it has none; a class
    attribute ``capabilities`` tells which problems it takes.

    The same problem, history, pending trials and numbers lead to the same proposals: in another process, after a
    resume, and whatever it was asked before. It may keep what it computed from a history to answer sooner, as
    :class:`~mlkernel.History` describes, and nothing else.
    """

    def ask(
        self, history: History, pending: Sequence[PendingTrial], numbers: Sequence[int]
    ) -> list[dict[str, Any]]:
        """Propose a point for each of *numbers*; fewer when the space has no other points left.

        :param history: what trials were worth. Points outside of the space, failed trials and values that are not
            finite are no reason to fail; a trial that was paused has several observations, on rising budgets.
        :param pending: the trials that are under way and not in the history; a proposal repeats none of them, and none
            of the history.
        :param numbers: of the trials to propose; rising, each used only once in a study.
        """
        ...
