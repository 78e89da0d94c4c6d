"""What a run directory tells, gathered as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mlkernel.checkpoint.checkpoint_store import CheckpointStore, Retention
from mlkernel.plots.learning_curve import read_logged
from mlkernel.plots.run_groups import flat_configuration
from mlkernel.records.artifacts import kept_artifacts
from mlkernel.records.metrics import Metrics
from mlkernel.records.status import read_status
from mlkernel.run.plan import read_plan

if TYPE_CHECKING:
    from pathlib import Path

    from mlkernel.records.run_directory import RunDirectory


def describe_run(directory: RunDirectory) -> dict[str, Any]:
    """Gather plan, status, newest metrics, checkpoints and artifacts of a run.

    :raises UsageError: its plan, status or metrics are damaged.
    """
    plan = read_plan(directory.plan)
    status = read_status(directory)
    return {
        "id": directory.run_id,
        "directory": str(directory.path),
        "created": plan.created,
        "trainer": attrs.asdict(plan.trainer),
        "state": status.state,
        "reason": status.reason,
        "seconds": status.seconds,
        "progress": status.progress,
        "best": attrs.asdict(status.best) if status.best else None,
        "notes": status.notes,
        "metrics": newest_metrics(read_logged(directory.path)),
        "attempts": [attrs.asdict(attempt) for attempt in status.attempts],
        "checkpoints": _checkpoints(directory.checkpoints),
        "artifacts": _sizes(directory.artifacts),
        "configuration": flat_configuration(plan.config),
        "revisions": [attrs.asdict(revision) for revision in plan.revisions],
        "provenance": plan.provenance,
    }


def newest_metrics(records: Metrics) -> dict[str, dict[str, Any]]:
    """For each phase its last iteration and the newest value of each of its metrics."""
    phases: dict[str, dict[str, Any]] = {}
    for record in records:
        newest = phases.setdefault(record.phase, {"iteration": 0, "time": 0.0, "metrics": {}})
        newest["iteration"], newest["time"] = record.iteration, record.time
        newest["metrics"].update(record.metrics)
    return phases


def _checkpoints(directory: Path) -> list[dict[str, Any]]:
    return [
        {
            "name": checkpoint.directory.name,
            "created": checkpoint.manifest.created,
            "completed": dict(checkpoint.manifest.completed),
            "reported": checkpoint.manifest.reported,
            "size": sum(_sizes(checkpoint.directory).values()),
        }
        for checkpoint in CheckpointStore(directory, Retention()).checkpoints()
    ]


def _sizes(directory: Path) -> dict[str, int]:
    """Bytes of each file, by its path in *directory*."""
    return {str(path.relative_to(directory)): path.stat().st_size for path in kept_artifacts(directory)}
