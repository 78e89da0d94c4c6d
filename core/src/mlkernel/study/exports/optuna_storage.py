"""A study in a storage of Optuna's, for its dashboard and its pictures."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from math import isnan
from pathlib import Path
from statistics import fmean
from typing import Any

from mlkernel.errors import PluginError
from mlkernel.records.atomic_file import storage_errors
from mlkernel.study.exports.trial_columns import objectives_of
from mlkernel.study.store.records import TrialRecord
from mlkernel.study.store.study_store import StudyStore

try:
    import optuna
    from optuna.storages.journal import JournalFileBackend

    from mlkernel.study.exports.optuna_distributions import Distribution, choice_of, distributions
except ImportError as missing:
    raise PluginError(
        "storages of Optuna's need the package optuna", hint="pip install 'mlkernel[optuna]'"
    ) from missing

_STATES = {
    "waiting": optuna.trial.TrialState.WAITING,
    "running": optuna.trial.TrialState.RUNNING,
    "paused": optuna.trial.TrialState.WAITING,
    "stopped": optuna.trial.TrialState.PRUNED,
    "finished": optuna.trial.TrialState.COMPLETE,
    "failed": optuna.trial.TrialState.FAIL,
}

_Curves = Mapping[int, Mapping[int, float]]


def write_optuna(store: StudyStore, study: str, path: Path) -> None:
    """Write *study* to a new storage: a journal where *path* ends in ``.journal``, else an SQLite database.

    Means over the runs of a trial become its intermediate values. A database takes some 40 ms for each trial, a journal
    a tenth of that.

    :raises StorageError: *path* cannot be written.
    """
    configuration = store.study(study).configuration
    trials = list(store.trials(study))
    known = distributions(configuration, (trial.parameters for trial in trials))
    curves = _curves(store, study)
    aside = path.with_name(f".{os.getpid()}.{path.name}")
    with storage_errors(path):
        try:
            with _storage(aside) as storage:
                written = _new_study(storage, study, objectives_of(configuration))
                written.add_trials(_trial(trial, known, curves) for trial in trials)
            aside.replace(path)
        finally:
            for leftover in aside.parent.glob(f"{aside.name}*"):
                leftover.unlink()


def _new_study(storage: Any, name: str, objectives: list[tuple[str, str]]) -> optuna.Study:
    direction = optuna.study.StudyDirection
    directions = [direction.MINIMIZE if mode == "min" else direction.MAXIMIZE for _, mode in objectives]
    study = optuna.create_study(storage=storage, study_name=name, directions=directions)
    with warnings.catch_warnings():
        # The dashboard shows the names; that this may change in other versions of Optuna is no news.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names([metric for metric, _ in objectives])
    return study


@contextmanager
def _storage(path: Path) -> Iterator[Any]:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(
        optuna.logging.ERROR
    )  # it announces studies, and that names of metrics may change
    try:
        if path.suffix == ".journal":
            yield optuna.storages.JournalStorage(JournalFileBackend(str(path)))
        else:
            database = optuna.storages.RDBStorage(f"sqlite:///{path}")
            try:
                yield database
            finally:
                database.remove_session()
                database.engine.dispose()
    finally:
        optuna.logging.set_verbosity(verbosity)


def _trial(
    trial: TrialRecord, known: Mapping[str, Distribution], curves: _Curves
) -> optuna.trial.FrozenTrial:
    state = _STATES[trial.state]
    values = trial.values if trial.state in {"finished", "stopped"} else None
    if values is not None and any(map(isnan, values)):
        state, values = optuna.trial.TrialState.FAIL, None
    categorical = optuna.distributions.CategoricalDistribution
    written = optuna.trial.create_trial(
        state=state,
        params={
            name: choice_of(value) if isinstance(known[name], categorical) else value
            for name, value in trial.parameters.items()
        },
        distributions={name: known[name] for name in trial.parameters},
        values=values,
        intermediate_values=dict(curves.get(trial.number, {})),
        user_attrs={"state": trial.state, **({} if trial.reason is None else {"reason": trial.reason})},
    )
    if written.datetime_start is not None:
        written.datetime_start = _local_time(trial.created)
    if written.datetime_complete is not None and trial.ended is not None:
        written.datetime_complete = _local_time(trial.ended)
    return written


def _local_time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds)  # noqa: DTZ006 - Optuna's times are those of the machine, without a zone


def _curves(store: StudyStore, study: str) -> _Curves:
    """The first objective of each trial, by steps; Optuna knows whole ones only."""
    values: dict[int, dict[int, list[float]]] = {}
    for report in store.reports(study):
        if report.step.is_integer():
            values.setdefault(report.trial, {}).setdefault(int(report.step), []).append(report.values[0])
    return {
        trial: {step: fmean(reported) for step, reported in curve.items()} for trial, curve in values.items()
    }
