"""The trials that reached a step, ranked by their losses there."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence

from mlkernel import ConfigError, Curves, Report

REDUCTIONS = 3
"""Rungs below the last step, unless the first one is given."""
Ranked = tuple[float, int]
"""The loss of a trial, and its number, which decides between equal losses."""


class Rung:
    """Each trial counts with its first report from a step on, and with the newest value of that report."""

    def __init__(self, level: float) -> None:
        self.level = level
        """The step from which on trials belong to it."""
        self.ranked: list[Ranked] = []
        """The best first."""
        self._entries: dict[int, Report] = {}

    def __len__(self) -> int:
        return len(self.ranked)

    def __contains__(self, trial: int) -> bool:
        return trial in self._entries

    def enter(self, report: Report) -> bool:
        """Take the report of a trial that was not yet here, or another value of the one by which it is.

        :returns: whether the rung changed.
        """
        entry = self._entries.get(report.trial)
        if entry is not None:
            if report.step > entry.step:
                return False
            del self.ranked[bisect_left(self.ranked, (entry.loss, entry.trial))]
        self._entries[report.trial] = report
        insort(self.ranked, (report.loss, report.trial))
        return True

    def entry(self, trial: int) -> Ranked:
        """Where *trial*, which is here, stands."""
        return (self._entries[trial].loss, trial)

    def place(self, trial: int) -> int:
        """How many trials are better than *trial*, which is here."""
        return bisect_left(self.ranked, self.entry(trial))

    def survivors(self, reduction_factor: float) -> int:
        """How many of those here train on: one in *reduction_factor*, rounded down."""
        return math.floor(len(self.ranked) / reduction_factor)


class Ladder:
    """Rungs at rising steps, filled with the reports of a study.

    :param skipped: whether a report counts, beside the highest rung that it reaches, at those that its trial skipped.
    """

    def __init__(self, steps: Sequence[float], *, skipped: bool = False) -> None:
        self.rungs = [Rung(step) for step in steps]
        self._steps, self._skipped = steps, skipped

    def enter(self, report: Report) -> int | None:
        """Take a report, and return the place of the highest rung that it changed."""
        highest = bisect_right(self._steps, report.step) - 1
        if highest < 0 or not self.rungs[highest].enter(report):
            return None
        place = highest - 1
        while self._skipped and place >= 0 and self.rungs[place].enter(report):
            place -= 1
        return highest

    def highest(self) -> list[int]:
        """The trials of the highest rung that has any, the best first."""
        reached = next((rung for rung in reversed(self.rungs) if len(rung)), None)
        return [trial for _, trial in reached.ranked] if reached else []


class ReportReader:
    """Hands each report of a study on once."""

    def __init__(self) -> None:
        self._curves: Curves | None = None
        self._read = 0

    def is_new(self, curves: Curves) -> bool:
        """Whether *curves* are of others than those that were read so far, so that nothing of them holds."""
        if self._curves is curves:
            return False
        self._curves, self._read = curves, 0
        return True

    def unread(self, curves: Curves) -> list[Report]:
        """The reports that came since the last time."""
        reports = list(curves.since(self._read))
        self._read += len(reports)
        return reports


def levels(max_step: float, reduction_factor: float, min_step: float | None) -> list[float]:
    """The steps of the rungs: each the reduction factor times the one before, the last one *max_step*.

    Steps below a whole *max_step* are rounded to whole ones.

    :param min_step: the first of them; three reductions below *max_step*, but not below 1, when ``None``.
    :raises ConfigError: *min_step* is not below *max_step*.
    """
    if min_step is not None and min_step >= max_step:
        raise ConfigError(f"min_step must be below the study's max_step, and {min_step:g} >= {max_step:g}")
    first = min_step or max(min(1.0, max_step), max_step / reduction_factor**REDUCTIONS)
    steps = []
    while first < max_step * (1 - 1e-9):
        steps.append(float(round(first)) if float(max_step).is_integer() and first > 1 else first)
        first *= reduction_factor
    return [*dict.fromkeys(steps), float(max_step)]
