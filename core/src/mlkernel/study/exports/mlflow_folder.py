"""A study in the format that the tool ``mlflow-export-import`` reads: ``import-experiment --input-dir FOLDER``."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from math import isnan
from pathlib import Path
from typing import Any

from mlkernel.records.atomic_file import storage_errors
from mlkernel.records.strict_json import strict_json
from mlkernel.study.exports.trial_columns import objectives_of
from mlkernel.study.store.records import ReportRecord, RunRecord, StudyRecord, TrialRecord
from mlkernel.study.store.study_store import StudyStore

_REFUSED = re.compile(r"[^\w\-./ :]", re.ASCII)
_LONGEST_VALUE = 6000
"""Characters that MLflow keeps of a parameter's value."""

_STATUS = {
    "waiting": "SCHEDULED",
    "running": "RUNNING",
    "paused": "SCHEDULED",
    "stopped": "KILLED",
    "finished": "FINISHED",
    "failed": "FAILED",
}


def write_mlflow(store: StudyStore, study: str, path: Path) -> None:
    """Write a folder with one run of MLflow's for each run of each trial, and their reports as its metrics.

    :raises StorageError: *path* cannot be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with storage_errors(path):
        try:
            aside.mkdir()
            _write_runs(store, store.study(study), aside)
            aside.replace(path)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _write_runs(store: StudyStore, study: StudyRecord, folder: Path) -> None:
    metrics = [metric for metric, _ in objectives_of(study.configuration)]
    reports: dict[tuple[int, int], list[ReportRecord]] = {}
    for report in store.reports(study.name):
        reports.setdefault((report.trial, report.place), []).append(report)
    names = []
    for trial in store.trials(study.name):
        for run in trial.runs:
            name = _identifier(study, run)
            names.append(name)
            curves = _curves(run, reports.get((run.trial, run.place), []), metrics)
            _write(folder / name / "run.json", _run(study, trial, run, name, curves))
    experiment = {"experiment_id": "0", "name": study.name, "lifecycle_stage": "active", "tags": {}}
    counts = {"num_total_runs": len(names), "num_ok_runs": len(names), "num_failed_runs": 0}
    _write(
        folder / "experiment.json",
        {"experiment": experiment, "runs": names},
        info={**counts, "ok_runs": names, "failed_runs": []},
    )


def _run(
    study: StudyRecord, trial: TrialRecord, run: RunRecord, name: str, curves: Mapping[str, Any]
) -> dict[str, Any]:
    parameters = {**trial.parameters, "seed": run.seed} | ({} if run.fold is None else {"fold": run.fold})
    tags = {
        "mlflow.runName": f"trial {trial.number}, seed {run.seed}",
        "mlflow.user": "mlkernel",
        "study": study.name,
        "trial": str(trial.number),
        "state": run.state,
    }
    return {
        "info": {
            "run_id": name,
            "experiment_id": "0",
            "user_id": "mlkernel",
            "status": _STATUS[run.state],
            "start_time": _milliseconds(run.started),
            "end_time": _milliseconds(run.ended),
            "lifecycle_stage": "active",
        },
        "params": {_key(key): _text(value) for key, value in parameters.items()},
        "metrics": curves,
        "tags": tags | ({} if run.error is None else {"error": run.error}),
        "inputs": [],
    }


def _curves(run: RunRecord, reports: Iterable[ReportRecord], metrics: list[str]) -> dict[str, Any]:
    curves: dict[str, list[dict[str, Any]]] = {}
    for place, report in enumerate(reports):
        step = int(report.step) if report.step.is_integer() else place
        named = {**report.metrics, **dict(zip(metrics, report.values, strict=False))}
        _append(curves, named, step, report.time)
    if not curves and run.values is not None:
        _append(curves, dict(zip(metrics, run.values, strict=False)), 0, run.ended)
    return curves


def _append(
    curves: dict[str, list[dict[str, Any]]], values: Mapping[str, float], step: int, seconds: float | None
) -> None:
    for name, value in values.items():
        if not isnan(value):
            point = {"value": value, "timestamp": _milliseconds(seconds) or 0, "step": step}
            curves.setdefault(_key(name), []).append(point)


def _write(path: Path, content: Mapping[str, Any], info: Mapping[str, Any] | None = None) -> None:
    path.parent.mkdir(exist_ok=True)
    document = {"system": {}, **({} if info is None else {"info": info}), "mlflow": content}
    path.write_text(strict_json(document, indent=2) + "\n", encoding="utf-8")


def _identifier(study: StudyRecord, run: RunRecord) -> str:
    text = f"{study.name}/{study.created}/{run.trial}/{run.place}"
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _key(name: str) -> str:
    return _REFUSED.sub("_", name)


def _text(value: Any) -> str:
    return (value if isinstance(value, str) else strict_json(value))[:_LONGEST_VALUE]


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
