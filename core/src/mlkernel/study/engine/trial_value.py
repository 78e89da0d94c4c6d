"""How reports become the value of a run, and runs the value of a trial."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from mlkernel.study.search_problem import Objective
from mlkernel.study.study_config import Aggregate, Result

Values = tuple[float, ...]


class RunValue:
    """What a run's reports say so far, without keeping them.

    :param objectives: one for each value of a report; the first one tells which report is the best.
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self._is_max = objectives[0].mode == "max"
        self._sums = [0.0] * len(objectives)
        self.count = 0
        self.final: Values | None = None
        self._best: Values | None = None

    def take(self, values: Values) -> None:
        """Add the values of one report."""
        self.count += 1
        self.final = values
        self._sums = [total + value for total, value in zip(self._sums, values, strict=True)]
        if self._best is None or (values[0] != self._best[0] and (values[0] > self._best[0]) == self._is_max):
            self._best = values

    def value(self, result: Result) -> Values | None:
        """The run's value; ``None`` when nothing was reported."""
        if result == "best":
            return self._best
        if result == "mean" and self.count:
            return tuple(total / self.count for total in self._sums)
        return self.final


def trial_value(runs: Sequence[Values], objectives: Sequence[Objective], aggregate: Aggregate) -> Values:
    """The value of a trial from those of its runs, of which there is at least one."""
    if len(runs) == 1:
        return runs[0]
    columns = zip(*runs, strict=True)
    return tuple(
        _aggregated(sorted(column), objective.mode == "max", aggregate)
        for column, objective in zip(columns, objectives, strict=True)
    )


def _aggregated(ascending: Sequence[float], is_max: bool, aggregate: Aggregate) -> float:
    if aggregate in ("best", "worst"):
        return ascending[-1] if is_max == (aggregate == "best") else ascending[0]
    if aggregate in PLAIN:
        return PLAIN[aggregate](ascending)
    return percentile(ascending, float(aggregate.removeprefix("p")))


PLAIN: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": statistics.fmean,
    "median": statistics.median,
}


def percentile(ascending: Sequence[float], percent: float) -> float:
    """The value below which *percent* of the sorted values lie, linear between neighbours."""
    position = percent / 100 * (len(ascending) - 1)
    below = int(position)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (position - below) * (ascending[above] - ascending[below])
