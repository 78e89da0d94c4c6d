"""The lock on a study's folder: one driver at a time; the operating system frees it when its process dies."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from mlkernel.errors import RunLockedError
from mlkernel.records.atomic_file import storage_errors, write_json
from mlkernel.records.run_lock import is_locked
from mlkernel.study.store.records import DriverRecord

LOCK, HOLDER = "lock", "lock.json"


class DriverLock:
    """Held, as a context manager, by the process that drives the study in *folder*.

    :param driver: the name by which the store knows it.
    """

    def __init__(self, folder: Path, driver: str) -> None:
        self._folder, self.driver = folder, driver
        self._holder = folder / HOLDER
        self._lock = FileLock(folder / LOCK)
        self.before: str | None = None
        """Name of the driver that held it before, which is dead."""

    def __enter__(self) -> Self:
        """Take the lock.

        :raises RunLockedError: another driver lives; the message names its process.
        """
        try:
            with storage_errors(self._holder):
                self._lock.acquire(timeout=0.2)
        except Timeout:
            raise RunLockedError(
                f"study {self._folder.name} is being driven by {self._holder_words()}",
                hint=f"Wait for it, or stop it with kernel study stop {self._folder.name}. "
                "Several drivers work on a study if it is kept in PostgreSQL and each has a folder of its own.",
            ) from None
        try:
            self.before = _read(self._holder).get("driver")
            holder = {"driver": self.driver, "pid": os.getpid(), "host": socket.gethostname()}
            write_json(self._holder, holder, durable=False)
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""
        self._lock.release()

    def _holder_words(self) -> str:
        holder = _read(self._holder)
        return f"process {holder['pid']} on {holder['host']}" if "pid" in holder else "another process"


def is_gone(folder: Path, driver: DriverRecord) -> bool:
    """Whether *driver* was a process of this machine, and lives no more; of another machine's nobody here can tell.

    :param folder: of the study. Who drove there last is known by the lock, and others by the numbers of their
        processes, which the operating system uses again.
    """
    if driver.host != socket.gethostname():
        return False
    if _read(folder / HOLDER).get("driver") == driver.name:
        return not is_locked(folder / LOCK)
    try:
        os.kill(driver.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _read(holder: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(holder.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found
