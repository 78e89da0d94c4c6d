"""The trials of a study as a table: one row each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlkernel.study.store.records import TrialRecord
from mlkernel.study.store.study_store import StudyStore

_LEADING = ("trial", "state")
_TRAILING = ("until", "parent", "reason", "runs", "created", "started", "ended")

Row = dict[str, Any]


def objectives_of(configuration: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Metric and mode of each objective of a study."""
    given = configuration.get("objectives") or [{"metric": "loss"}]
    return [(str(each["metric"]), str(each.get("mode", "min"))) for each in given]


def trial_rows(store: StudyStore, study: str) -> Iterator[Row]:
    """One row for each trial, in the order of their numbers. Times are in seconds since 1970."""
    metrics = [metric for metric, _ in objectives_of(store.study(study).configuration)]
    for trial in store.trials(study):
        yield _row(trial, metrics)


def columns_of(store: StudyStore, study: str) -> list[str]:
    """All columns of :func:`trial_rows`: trials of conditional spaces do not have the same parameters."""
    metrics = [metric for metric, _ in objectives_of(store.study(study).configuration)]
    parameters: dict[str, None] = {}
    others: dict[str, None] = {}
    for trial in store.trials(study):
        parameters.update(dict.fromkeys(trial.parameters))
        others.update(dict.fromkeys(name for run in trial.runs for name in run.metrics))
    return [
        *_LEADING,
        *(f"values.{metric}" for metric in metrics),
        *(f"metrics.{name}" for name in others),
        *(f"parameters.{name}" for name in parameters),
        *_TRAILING,
    ]


def _row(trial: TrialRecord, metrics: list[str]) -> Row:
    values = dict(zip(metrics, trial.values or (), strict=False))
    started = [run.started for run in trial.runs if run.started is not None]
    return {
        "trial": trial.number,
        "state": trial.state,
        **{f"values.{metric}": value for metric, value in values.items()},
        **{f"metrics.{name}": value for name, value in _means(trial).items()},
        **{f"parameters.{name}": value for name, value in trial.parameters.items()},
        "until": trial.until,
        "parent": trial.parent,
        "reason": trial.reason,
        "runs": len(trial.runs),
        "created": trial.created,
        "started": min(started, default=None),
        "ended": trial.ended,
    }


def _means(trial: TrialRecord) -> dict[str, float]:
    """Whatever else the runs of a trial reported last: the mean of those that did."""
    known: dict[str, list[float]] = {}
    for run in trial.runs:
        for name, value in run.metrics.items():
            known.setdefault(name, []).append(value)
    return {name: sum(values) / len(values) for name, values in known.items()}
