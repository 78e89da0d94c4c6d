"""What a job tells of its steps."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping

from mlkernel_locallm.server.jobs.job_store import JobStore
from mlkernel_locallm.server.store.file_store import FileStore
from mlkernel_locallm.server.store.resources import Document

_INTERVAL = 0.5
"""Seconds between commits."""


class StepMetrics:
    """Metrics of steps, as events and as a table."""

    def __init__(self, store: JobStore, job: str) -> None:
        self._store = store
        self._job = job
        self._waiting: list[tuple[str, Mapping[str, float]]] = []
        self._flushed = time.monotonic()

    def add(self, step: int, total: int, metrics: Mapping[str, float]) -> None:
        """Tell of a step, now or within half a second."""
        message = f"Step {step}/{total}: training loss={metrics['train_loss']:.4f}"
        if "valid_loss" in metrics:
            message += f", validation loss={metrics['valid_loss']:.4f}"
        self._waiting.append((message, {"step": step, "total_steps": total, **metrics}))
        if time.monotonic() - self._flushed > _INTERVAL:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        self._store.tell_all(self._job, self._waiting)
        self._waiting, self._flushed = [], time.monotonic()

    def result_file(self, files: FileStore) -> Document:
        """All steps as CSV, one row each."""
        self.flush()
        rows = [event["data"] for event in self._store.events.all(parent=self._job) if event["data"]]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        table = io.StringIO(newline="")
        writer = csv.DictWriter(table, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
        return files.add(
            io.BytesIO(table.getvalue().encode()),
            filename="step_metrics.csv",
            purpose="fine-tune-results",
            key=f"results of {self._job}",
        )
