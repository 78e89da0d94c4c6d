"""The scheduler that ends nothing early: trials start in the order of their proposals and train to their end."""

from __future__ import annotations

import math
from typing import ClassVar

from mlkernel.study.curves import Curves
from mlkernel.study.search_problem import SearchProblem
from mlkernel.study.trial_scheduler import Assignment, Continue, Decision, NewTrial, Wait

_FOR_EVER = Continue(until=math.inf)


class FifoScheduler:
    """First in, first out. It takes every problem, and needs neither reports nor checkpoints."""

    pauses_trials: ClassVar[bool] = False
    copies_checkpoints: ClassVar[bool] = False
    needs_live_reports: ClassVar[bool] = False

    def __init__(self, problem: SearchProblem, config: None = None) -> None:
        del config
        self._until = problem.max_step

    def assign(self, curves: Curves) -> Assignment:
        """A new trial for every worker that is free."""
        return Wait() if curves.closed else NewTrial(until=self._until)

    def decide(self, curves: Curves, trial: int) -> Decision:
        """Train on."""
        del curves, trial
        return _FOR_EVER

    def finalists(self, curves: Curves) -> None:
        """All trials."""
        del curves
