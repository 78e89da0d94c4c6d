"""SQLite files that survive the death of the process."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from mlkernel import StorageError, UsageError


def open_database(path: Path, tables: str) -> sqlite3.Connection:
    """Open *path* for any thread, each statement a transaction of its own.

    What was written is there after the process died at any moment; the last writes may be lost when the machine does.

    :param tables: SQL that makes what is not there yet.
    :raises UsageError: the file is no SQLite file, or another process writes it.
    :raises StorageError: it cannot be made or opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.OperationalError as error:
        raise StorageError(f"{path} cannot be opened: {error}") from error
    try:
        database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + tables)
    except sqlite3.DatabaseError as error:
        database.close()
        raise UsageError(
            f"{path} cannot be used: {error}", hint="Move the file away, or restore it from a backup."
        ) from error
    return database
