"""A thread that says that a run lives, and hears when it shall stop."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from mlkernel.errors import StorageError
from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.status import HEARTBEAT_SECONDS, State, Status, write_status
from mlkernel.run.stop_request import StopRequest

_LOOK_SECONDS = 0.5
"""How often the thread looks for a request of ``kernel stop``."""


class Heartbeat:
    """Keeps ``status.json`` fresh while the trainer works, as a context manager."""

    def __init__(self, files: RunDirectory, status: Status, stop_request: StopRequest) -> None:
        self._files = files
        self._status = status
        self._stop_request = stop_request
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
            if time.monotonic() >= next_beat:
                next_beat += HEARTBEAT_SECONDS
                self._write()

    def _write(self) -> None:
        with self._writing:
            if self._status.state == "running":
                self._status.heartbeat = time.time()
                try:
                    write_status(self._files, self._status, durable=False)
                except (StorageError, OSError):  # the training thread meets the same disk and tells the user
                    return
