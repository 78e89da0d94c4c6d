"""The lock on a run directory; the operating system frees it when its process dies, however it dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from mlkernel.errors import RunLockedError
from mlkernel.records.atomic_file import storage_errors

_PATIENCE_SECONDS = 0.5
"""Longer than the moment for which :func:`is_locked` holds the lock when it looks."""


class RunLock:
    """Held, as a context manager, by the one process that trains in a run directory."""

    def __init__(self, path: Path) -> None:
        self._holder = path.with_name("lock.json")
        self._lock = FileLock(path)

    def __enter__(self) -> Self:
        """Take the lock.

        :raises RunLockedError: a living process holds it; the message names that process.
        """
        try:
            with storage_errors(self._holder.parent):
                self._lock.acquire(timeout=_PATIENCE_SECONDS)
        except Timeout:
            raise RunLockedError(
                f"run {self._holder.parent.name} is being trained by {self._describe_holder()}",
                hint=f"Wait for it, or stop it with kernel stop {self._holder.parent.name}.",
            ) from None
        try:
            with storage_errors(self._holder):
                self._holder.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lock back."""
        self._lock.release()

    def _describe_holder(self) -> str:
        try:
            holder = json.loads(self._holder.read_text())
            return f"process {holder['pid']} on {holder['host']}"
        except (OSError, ValueError, KeyError):
            return "another process"


def is_locked(path: Path) -> bool:
    """Whether a living process on this machine holds the lock at *path*.

    It looks with a shared lock, so that those who look at the same time do not take each other for the holder.
    """
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
