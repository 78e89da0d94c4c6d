"""A SQLite file that several threads share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock


class Database:
    """One connection in write-ahead mode, used by one thread at a time.

    :param durable: wait at each commit until the disk has it, so that even a power cut takes nothing back; without it
        only the process may be killed at any moment.
    """

    def __init__(self, path: Path, schema: str, *, durable: bool) -> None:
        self._lock = RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL" if durable else "PRAGMA synchronous = NORMAL")
        self._connection.executescript(schema)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Statements that are kept together or not at all; may be nested, the outermost one counts."""
        with self._lock:
            is_nested = self._connection.in_transaction
            if is_nested:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite ends by itself what met a full disk
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """For one statement, which is kept or not at all by itself."""
        with self._lock:
            yield self._connection

    def close(self) -> None:
        """Write everything into the main file and let go of it."""
        with self._lock:
            self._connection.close()
