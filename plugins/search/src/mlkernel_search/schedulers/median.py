"""The median stopping rule, in two forms.

Golovin et al., *Google Vizier: A Service for Black-Box Optimization*, KDD 2017, section 3.2.1, holds the best loss of a
trial against the others' averages up to the step. On losses that fall all the time, these are high, and few trials end
early; so the default is what they were worth at the step itself, as in Optuna, and the others are whole trials.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar

import attrs
from attrs import define

from mlkernel import Assignment, Continue, Curves, Decision, NewTrial, Report, SearchProblem, Stop, Wait
from mlkernel_search.schedulers.configs import MedianConfig
from mlkernel_search.schedulers.refusals import refuse_several_objectives
from mlkernel_search.schedulers.rung import ReportReader


@define
class Progress:
    """What a trial reported so far."""

    best: float = math.inf
    total: float = 0.0
    count: int = 0
    slot: int = -1
    """The newest interval that it was seen in."""
    losses: dict[int, float] = attrs.field(factory=dict)
    """What others are compared with, by interval, as long as it does not count yet."""


class MedianScheduler:
    """Ends a trial whose best loss is worse than the median of the others' losses at the same step.

    Who the others are, and with which losses they count, the configuration says; without ``max_step``, nobody knows
    which trials are whole. What becomes of a trial is settled by its report and those that came earlier.
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
        """End it if its best is worse than the median of the others."""
        self._read(curves)
        return self._verdicts.get(trial) or Continue(until=self._next_look(curves[trial].points[-1].step))

    def finalists(self, curves: Curves) -> Sequence[int]:
        """Those that were not ended early."""
        self._read(curves)
        return [trial for trial in self._progress if trial not in self._verdicts]

    def _next_look(self, step: float) -> float:
        """A step below which no report after one at *step* is compared; rounding makes it no later than it is."""
        options = self._options
        following = (math.floor(step / options.interval) + 1) * options.interval
        return max(options.grace_period, math.nextafter(following, 0))

    def _read(self, curves: Curves) -> None:
        if self._reader.is_new(curves):
            self._progress: dict[int, Progress] = defaultdict(Progress)
            self._others: dict[int, list[float]] = defaultdict(list)
            self._verdicts: dict[int, Stop] = {}
        for report in self._reader.unread(curves):
            self._judge(report, self._progress[report.trial])

    def _judge(self, report: Report, progress: Progress) -> None:
        progress.best = min(progress.best, report.loss)
        progress.total += report.loss
        progress.count += 1
        slot = math.floor(report.step / self._options.interval)
        is_last = self._max_step is not None and report.step >= self._max_step
        if slot > progress.slot:
            progress.slot = slot
            if not is_last and report.step > self._options.grace_period:
                self._compare(report, progress, self._others[slot])
            value = report.loss if self._options.compare == "value" else progress.total / progress.count
            progress.losses[slot] = value
        if is_last or self._options.among == "all" or self._max_step is None:
            self._count(progress)

    def _compare(self, report: Report, progress: Progress, others: Sequence[float]) -> None:
        if len(others) < self._options.min_samples:
            return
        median = median_of(others)
        if progress.best > median:
            self._verdicts[report.trial] = Stop(
                reason=f"step {report.step:g}: {progress.best:.6g} is worse than the median, {median:.6g}"
            )

    def _count(self, progress: Progress) -> None:
        """From now on, others are compared with it."""
        for slot, loss in progress.losses.items():
            insort(self._others[slot], loss)
        progress.losses.clear()


def median_of(ordered: Sequence[float]) -> float:
    """The middle of rising numbers."""
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
