"""What one trial was worth, over its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlkernel.errors import UsageError
from mlkernel.progress.quantities import format_value
from mlkernel.study.statistics.sample_summary import mean_interval

if TYPE_CHECKING:
    from mlkernel.study.store.records import TrialRecord


def run_values(trial: TrialRecord, objective: int) -> list[float]:
    """The results of the runs of a trial that have one."""
    return [run.values[objective] for run in trial.runs if run.values is not None]


def value_text(trial: TrialRecord, objective: int) -> str:
    """The value of a trial, with the half width of the confidence interval of the mean if it ran several times."""
    if trial.values is None:
        return "-"
    told = format_value(trial.values[objective])
    try:
        interval = mean_interval(run_values(trial, objective))
    except UsageError:  # without scipy, the value is told all the same
        return told
    return told if interval is None else f"{told} ± {format_value((interval[1] - interval[0]) / 2)}"
