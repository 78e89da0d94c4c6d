"""Asynchronous successive halving.

Li et al., *A System for Massively Parallel Hyperparameter Tuning*, MLSys 2020, algorithm 2, and the form of it that
ends trials while they train instead of resuming the promoted ones.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import ClassVar

from mlkernel import (
    Assignment,
    Continue,
    Curves,
    Decision,
    NewTrial,
    Promote,
    Report,
    SearchProblem,
    Stop,
    TrialScheduler,
    Wait,
)
from mlkernel_search.schedulers.configs import AshaConfig
from mlkernel_search.schedulers.refusals import refuse_several_objectives, required_max_step
from mlkernel_search.schedulers.rung import Ladder, ReportReader, Rung, levels
from mlkernel_search.schedulers.standing import paused_at_its_step
from mlkernel_search.schedulers.waiting_trials import WaitingTrials


def make_asha(problem: SearchProblem, config: AshaConfig | None = None) -> TrialScheduler:
    """Make the scheduler, in the form that the configuration asks for.

    :raises ConfigError: the problem has no ``max_step``, or several objectives.
    """
    options = config or AshaConfig()
    refuse_several_objectives(problem, "asha")
    steps = levels(required_max_step(problem, "asha"), options.reduction_factor, options.min_step)
    form = StoppingAsha if options.form == "stop" else PromotingAsha
    return form(steps, options.reduction_factor)


class StoppingAsha:
    """Ends a trial that reaches a rung and is not among the best of those who did before it.

    What becomes of a trial is settled by its report and those that came earlier; later ones change nothing.
    """

    pauses_trials: ClassVar[bool] = False
    copies_checkpoints: ClassVar[bool] = False
    needs_live_reports: ClassVar[bool] = True

    def __init__(self, steps: Sequence[float], reduction_factor: float) -> None:
        self._steps, self._factor = steps, reduction_factor
        self._on_the_way = [Continue(until=step) for step in (*steps, math.inf)]
        self._reader = ReportReader()

    def assign(self, curves: Curves) -> Assignment:
        """A new trial for every worker that is free."""
        return Wait() if curves.closed else NewTrial(until=self._steps[-1])

    def decide(self, curves: Curves, trial: int) -> Decision:
        """End it unless it is among the first in η of its rung, or the best."""
        self._read(curves)
        below = bisect_right(self._steps, curves[trial].points[-1].step)
        return self._verdicts.get(trial) or self._on_the_way[below]

    def finalists(self, curves: Curves) -> Sequence[int]:
        """Those who reached the last step, or the highest rung that anybody has."""
        self._read(curves)
        return self._ladder.highest()

    def _read(self, curves: Curves) -> None:
        if self._reader.is_new(curves):
            self._ladder = Ladder(self._steps)
            self._verdicts: dict[int, Stop | None] = {}
        for report in self._reader.unread(curves):
            place = self._ladder.enter(report)
            if place is not None:
                self._verdicts[report.trial] = self._verdict(self._ladder.rungs[place], report)

    def _verdict(self, rung: Rung, report: Report) -> Stop | None:
        place = rung.place(report.trial)
        if rung.level == self._steps[-1] or place < max(1, rung.survivors(self._factor)):
            return None
        return Stop(reason=f"rung {rung.level:g}: place {place + 1} of {len(rung)}")


class PromotingAsha:
    """Pauses each trial at its rung; a free worker resumes the best of those that may rise, or begins a new trial."""

    pauses_trials: ClassVar[bool] = True
    copies_checkpoints: ClassVar[bool] = False
    needs_live_reports: ClassVar[bool] = False

    def __init__(self, steps: Sequence[float], reduction_factor: float) -> None:
        self._steps, self._factor = steps, reduction_factor
        self._reader = ReportReader()

    def assign(self, curves: Curves) -> Assignment:
        """Promote from the highest rung that has somebody who may rise, and else begin a new trial.

        When none can be begun and nothing is under way, the best of the highest rung rises, until one trial was trained
        to the end.
        """
        self._read(curves)
        for place in range(len(self._steps) - 2, -1, -1):
            rung, best = self._ladder.rungs[place], self._waiting[place].best(curves)
            if best is not None and rung.place(best) < rung.survivors(self._factor):
                return Promote(trial=best, until=self._steps[place + 1])
        if not curves.closed:
            return NewTrial(until=self._steps[0])
        return self._last_promotion(curves)

    def decide(self, curves: Curves, trial: int) -> Decision:
        """Pause it at the step up to which it was assigned."""
        return paused_at_its_step(curves[trial], self._steps[-1])

    def finalists(self, curves: Curves) -> Sequence[int]:
        """Those who reached the last step, or the highest rung that anybody has."""
        self._read(curves)
        return self._ladder.highest()

    def _last_promotion(self, curves: Curves) -> Assignment:
        if len(self._ladder.rungs[-1]) or any(curve.state in {"waiting", "running"} for curve in curves):
            return Wait()
        for place in range(len(self._steps) - 2, -1, -1):
            best = self._waiting[place].best(curves)
            if best is not None:
                return Promote(trial=best, until=self._steps[place + 1])
        return Wait()

    def _read(self, curves: Curves) -> None:
        if self._reader.is_new(curves):
            self._ladder = Ladder(self._steps)
            self._waiting = [WaitingTrials(rung) for rung in self._ladder.rungs]
        for report in self._reader.unread(curves):
            place = self._ladder.enter(report)
            if place is not None:
                self._waiting[place].add(report.trial)
