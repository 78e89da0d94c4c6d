"""The median stopping rule.

Golovin et al., *Google Vizier: A Service for Black-Box Optimization*, KDD 2017, section 3.2.1.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar

from attrs import define

from mlkernel import Assignment, Continue, Curves, Decision, NewTrial, Report, SearchProblem, Stop, Wait
from mlkernel_search.schedulers.configs import MedianConfig
from mlkernel_search.schedulers.refusals import refuse_several_objectives
from mlkernel_search.schedulers.rung import ReportReader

CONTINUE = Continue()


@define
class Progress:
    """What a trial reported so far."""

    best: float = math.inf
    total: float = 0.0
    count: int = 0
    slot: int = -1
    """The newest interval that it was seen in."""


class MedianScheduler:
    """Ends a trial whose best loss is worse than the median of the others' average losses up to the same step.

    The others are those who reported as late as that, whatever became of them. What becomes of a trial is settled by
    its report and those that came earlier.
    """

    pauses_trials: ClassVar[bool] = False
    copies_checkpoints: ClassVar[bool] = False
    needs_live_reports: ClassVar[bool] = True

    def __init__(self, problem: SearchProblem, config: MedianConfig | None = None) -> None:
        refuse_several_objectives(problem, "median")
        self._options = config or MedianConfig()
        self._max_step = problem.max_step
        self._reader = ReportReader()

    def assign(self, curves: Curves) -> Assignment:
        """A new trial for every worker that is free."""
        return Wait() if curves.closed else NewTrial(until=self._max_step)

    def decide(self, curves: Curves, trial: int) -> Decision:
        """End it if its best is worse than the median of the others' averages."""
        self._read(curves)
        return self._verdicts.get(trial, CONTINUE)

    def finalists(self, curves: Curves) -> Sequence[int]:
        """Those that were not ended early."""
        self._read(curves)
        return [trial for trial in self._progress if trial not in self._verdicts]

    def _read(self, curves: Curves) -> None:
        if self._reader.is_new(curves):
            self._progress: dict[int, Progress] = defaultdict(Progress)
            self._averages: dict[int, list[float]] = defaultdict(list)
            self._verdicts: dict[int, Stop] = {}
        for report in self._reader.unread(curves):
            self._judge(report, self._progress[report.trial])

    def _judge(self, report: Report, progress: Progress) -> None:
        progress.best = min(progress.best, report.loss)
        progress.total += report.loss
        progress.count += 1
        slot = math.floor(report.step / self._options.interval)
        if slot <= progress.slot:
            return
        progress.slot = slot
        others = self._averages[slot]
        is_last = self._max_step is not None and report.step >= self._max_step
        if (
            len(others) >= self._options.min_samples
            and report.step > self._options.grace_period
            and not is_last
        ):
            median = median_of(others)
            if progress.best > median:
                self._verdicts[report.trial] = Stop(
                    reason=f"step {report.step:g}: {progress.best:.6g} is worse than the median, {median:.6g}"
                )
        insort(others, progress.total / progress.count)


def median_of(ordered: Sequence[float]) -> float:
    """The middle of rising numbers."""
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
