"""A thread that says that a run lives, hands out what it logged, and hears when it shall stop."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from mlkernel.errors import StorageError
from mlkernel.records.metrics import MetricWriter
from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.status import HEARTBEAT_SECONDS, State, Status, write_status
from mlkernel.run.stop_request import StopRequest

_LOOK_SECONDS = 0.5
"""How often the thread looks for a request of ``kernel stop``, and for records."""


class Heartbeat:
    """Keeps ``status.json`` fresh while the trainer works, as a context manager."""

    def __init__(self, files: RunDirectory, status: Status, stop_request: StopRequest) -> None:
        self._files = files
        self._status = status
        self._stop_request = stop_request
        self._metrics: MetricWriter | None = None
        self._writing = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="mlkernel heartbeat", daemon=True)

    def __enter__(self) -> Self:
        """Begin an attempt: clear an old request to stop, write the status, start the thread."""
        self._files.stop_request.unlink(missing_ok=True)
        write_status(self._files, self._status)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the thread."""
        self._end.set()
        self._thread.join()

    def hand_out(self, metrics: MetricWriter) -> None:
        """Let others see every record within a second, also where no other one follows it for long."""
        self._metrics = metrics

    def end_attempt(self, outcome: State, reason: str | None = None) -> None:
        """Write the attempt's last status.

        :raises StorageError: the disk is full; the run then counts as stopped, since its process is gone.
        """
        with self._writing:
            self._status.end_attempt(outcome, reason)
            write_status(self._files, self._status)

    def _beat(self) -> None:
        next_beat = time.monotonic() + HEARTBEAT_SECONDS
        while not self._end.wait(_LOOK_SECONDS):
            if self._files.stop_request.exists():
                self._stop_request.ask("kernel stop")
            is_due = time.monotonic() >= next_beat
            next_beat += HEARTBEAT_SECONDS if is_due else 0.0
            self._write(beats=is_due)

    def _write(self, *, beats: bool) -> None:
        # An error of the disk is left to the training thread, which meets the same one and tells the user.
        with self._writing, suppress(StorageError, OSError):
            if self._status.state != "running":
                return
            if self._metrics is not None:
                self._metrics.flush()
            if beats:
                self._status.heartbeat = time.time()
                write_status(self._files, self._status, durable=False)
