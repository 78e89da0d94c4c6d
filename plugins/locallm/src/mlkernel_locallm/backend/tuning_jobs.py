"""Fine-tune jobs that outlive the process which began them.

A job's record says all that decides its result. A process that finds an unfinished job of another one, which is no
more, does it again from its beginning: the same model comes out, and no half of one is ever seen.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from attrs import evolve

from mlkernel import KernelError
from mlkernel_locallm.backend.job_record import JobFolder, JobRecord
from mlkernel_locallm.backend.workshop import Workshop
from mlkernel_locallm.tuning.objective import Row, RowError


class TuningJobs:
    """Runs jobs in worker threads.

    :param folder: of records; training files lie in its neighbour ``files``.
    :param step_checkpoints: save a model after every so many steps; 0 saves none.
    """

    def __init__(
        self,
        folder: Path,
        files: Path,
        workshop: Workshop,
        executor: Executor,
        *,
        step_checkpoints: int,
    ) -> None:
        self._records, self._files, self._workshop, self._executor = (
            JobFolder(folder),
            files,
            workshop,
            executor,
        )
        self._step_checkpoints = step_checkpoints
        self._lock = threading.Lock()
        self._active: set[str] = set()
        self._cancelled: set[str] = set()
        self._closed = threading.Event()

    def submit(self, record: JobRecord) -> JobRecord:
        """Check a new job, keep it, and begin it.

        :raises UsageError: for options or rows that cannot be used; nothing is kept then.
        """
        self._workshop.check(record, self._rows(record))
        self._records.save(record)
        self._begin(record)
        return record

    def find(self, key: str) -> JobRecord | None:
        """The job with this key as it is now; one that was left unfinished is begun again."""
        record = self._records.find(key)
        if record is None:
            return None
        lost = record.state == "succeeded" and record.model not in self._workshop
        if not record.is_final or lost:
            self._begin(record)
        return record

    def cancel(self, key: str) -> JobRecord | None:
        """Cancel a job; one that has ended stays as it is."""
        with self._lock:
            record = self._records.find(key)
            if record is None or record.is_final:
                return record
            self._cancelled.add(key)
            return self._save(record, state="cancelled", message="cancelled on request")

    def events(self, identifier: str) -> list[dict[str, Any]]:
        """What the job told, oldest first."""
        return self._records.events(identifier)

    def checkpoints(self, key: str) -> list[dict[str, Any]]:
        """The models of intermediate steps that there are, by step."""
        record = self._records.find(key)
        if record is None:
            return []
        found = []
        for name in self._workshop.names(f"{record.model}-step-"):
            notes = self._workshop.notes(name)
            found.append({"step": notes["step"], "model": name, "metrics": {"loss": notes["loss"]}})
        return sorted(found, key=lambda checkpoint: checkpoint["step"])

    def close(self) -> None:
        """End all jobs after their present step; they can be begun again."""
        self._closed.set()

    def _begin(self, record: JobRecord) -> None:
        with self._lock:
            if record.key in self._active or self._closed.is_set():
                return
            self._active.add(record.key)
        self._executor.submit(self._run, record)

    def _run(self, record: JobRecord) -> None:
        try:
            self._tune(record)
        except Exception as error:  # noqa: BLE001 - a job that fails says why; everything else goes on
            problem = str(error) if isinstance(error, KernelError) else f"{type(error).__name__}: {error}"
            self._change(record.key, state="failed", message=problem)
        finally:
            with self._lock:
                self._active.discard(record.key)

    def _tune(self, record: JobRecord) -> None:
        if record.model in self._workshop:  # saved by a process that ended before it could say so
            self._change(
                record.key,
                state="succeeded",
                trained_tokens=self._workshop.notes(record.model)["trained_tokens"],
            )
            return
        tuning = self._workshop.begin(record, self._rows(record))
        self._change(record.key, state="running")
        for step in tuning:
            if self._closed.is_set() or self._is_cancelled(record.key):
                return
            if self._step_checkpoints and step.number % self._step_checkpoints == 0:
                notes = {"step": step.number, "loss": step.loss}
                self._workshop.save(f"{record.model}-step-{step.number}", tuning, notes)
            if step.number % tuning.steps_per_epoch == 0:
                self._records.tell(
                    record, time.time(), f"step {step.number} of {tuning.total_steps}: loss {step.loss:.4f}"
                )
        self._workshop.save(record.model, tuning, {"trained_tokens": tuning.trained_tokens})
        self._change(record.key, state="succeeded", trained_tokens=tuning.trained_tokens)

    def _change(self, key: str, **changes: Any) -> None:
        """Keep a new state, unless the job was cancelled in the meantime."""
        with self._lock:
            record = self._records.find(key)
            if record is not None and record.state != "cancelled":
                self._save(record, **changes)

    def _save(self, record: JobRecord, **changes: Any) -> JobRecord:
        record = evolve(record, **changes)
        self._records.save(record)
        told = record.state if record.message is None else f"{record.state}: {record.message}"
        self._records.tell(record, time.time(), told, "error" if record.state == "failed" else "info")
        return record

    def _is_cancelled(self, key: str) -> bool:
        return key in self._cancelled

    def _rows(self, record: JobRecord) -> list[Row]:
        # By the file and not by str.splitlines, which also breaks at characters that stand within a JSON text.
        with (self._files / record.training_file).open(encoding="utf-8") as lines:
            return [_row(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _row(number: int, line: str) -> Row:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise RowError(number, f"is no JSON: {error}") from error
    if not isinstance(row, dict):
        raise RowError(number, "is no JSON object")
    return row
