"""Kernel trainers: each run is a run directory, which ``kernel show`` and ``kernel resume`` know, too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkernel.checkpoint.checkpoint_store import CheckpointStore, Retention
from mlkernel.config.layers import Assignment
from mlkernel.discovery.listeners import listeners as installed_listeners
from mlkernel.records.run_directory import RunDirectory
from mlkernel.run.attempt import Outcome
from mlkernel.run.session import resume_run, start_run
from mlkernel.study.worker.abilities import Abilities
from mlkernel.study.worker.checkpoint_copy import copy_checkpoint
from mlkernel.study.worker.messages import TrainRun
from mlkernel.study.worker.reporting_listener import ReportingListener, steps_of
from mlkernel.study.worker.run_reports import Ending, RunReports

_QUIET = "none"
"""The progress bar of runs whose progress the study shows."""
_SIGNALS = ("SIGTERM", "SIGINT", "interrupted")
"""Reasons of runs that were stopped because the worker has to go."""


class TrainerTarget:
    """Starts and resumes runs of a trainer, with the installed listeners and one that reports."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def abilities(self) -> Abilities:
        """Everything."""
        return Abilities()

    def train(self, order: TrainRun, reports: RunReports) -> Ending | None:
        """Train a run up to where the driver, the order or a signal ends it."""
        files = RunDirectory(Path(order.directory))
        if order.source is not None:
            copy_checkpoint(RunDirectory(Path(order.source)), files)
        elif order.resume:
            ending = reports.ending_at(_steps_done(files))
            if ending is not None and ending.state == "paused":
                return ending  # an earlier attempt came as far, and was lost before it could say so
        listener = ReportingListener(reports, order.max_step)
        outcome = self._run(order, files, [*installed_listeners(), listener])
        if listener.error is not None:
            raise listener.error
        if outcome.status.state == "finished":
            return None
        if reports.ending is None and outcome.reason in _SIGNALS:
            return Ending("paused", outcome.reason, leaves=True)
        # Else by itself, by another listener or by `kernel stop`: what it reached counts.
        return reports.ending or Ending("stopped", outcome.reason)

    def close(self) -> None:
        """Nothing is kept from run to run."""

    def _run(self, order: TrainRun, files: RunDirectory, listeners: list[object]) -> Outcome:
        if files.plan.exists():
            return resume_run(files.path, overrides=_assignments(order), listeners=listeners)
        return start_run(
            self._name,
            config_files=order.config,
            overrides=_assignments(order),
            runs=files.path.parent,
            run_id=files.run_id,
            listeners=listeners,
        )


def _steps_done(files: RunDirectory) -> int:
    """The step of the newest checkpoint; 0 if there is none."""
    checkpoints = CheckpointStore(files.checkpoints, Retention()).checkpoints()
    return steps_of(checkpoints[-1].manifest.completed) if checkpoints else 0


def _assignments(order: TrainRun) -> list[Assignment]:
    origin = f"trial {order.trial}"
    context: Mapping[str, Any] = {"run.seed": order.seed, "run.progress_bar": _QUIET}
    if order.folds is not None:
        context = {**context, "trainer.fold": order.fold, "trainer.folds": order.folds}
    return [
        Assignment(path=path.replace("/", "."), value=value, origin=source)
        for values, source in ((context, origin), (order.set, "study"), (order.parameters, origin))
        for path, value in values.items()
    ]
