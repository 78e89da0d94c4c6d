"""One process per folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from mlkernel import UsageError


class FolderLock:
    """Held as long as the process lives or until :meth:`release`; the system lets go of it when the process dies."""

    def __init__(self, folder: Path) -> None:
        """:raises UsageError: when another server holds the folder."""
        self._descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise UsageError(
                f"another server works in {folder}",
                hint="stop it, or give this one a folder of its own (folder=...)",
            ) from None

    def release(self) -> None:
        """Let another process have the folder."""
        os.close(self._descriptor)
