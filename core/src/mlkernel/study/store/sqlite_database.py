"""A store in a file."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from mlkernel.errors import StorageError, UsageError
from mlkernel.study.store.database import Row
from mlkernel.study.store.schema_version import require_version
from mlkernel.study.store.sqlite_faults import storage_error
from mlkernel.study.store.tables import creation

BUSY_SECONDS = 60.0
"""How long to wait for another process that changes something; each change takes well below a millisecond."""

_PAUSE_SECONDS = 0.01


class SqliteDatabase:
    """A connection to the SQLite database *path*, which is made unless *must_exist*.

    Changes are in the write-ahead log before they return: they survive the end of any process at any moment, and a
    power cut costs the last few of them at most.

    :raises UsageError: the file does not exist, or holds something else, or is of another version.
    :raises StorageError: it cannot be opened.
    """

    def __init__(self, path: Path, *, must_exist: bool = False, busy_seconds: float = BUSY_SECONDS) -> None:
        self.name = str(path)
        if must_exist and not path.is_file():
            raise UsageError(f"no studies are kept in {path}: there is no such file")
        mode = "rw" if must_exist else "rwc"
        try:
            self._connection = sqlite3.connect(
                f"file:{quote(str(path.absolute()))}?mode={mode}",
                timeout=busy_seconds,
                isolation_level=None,
                uri=True,
            )
        except sqlite3.Error as error:
            raise storage_error(error, self.name) from error
        self._execute = (
            self._connection.cursor().execute
        )  # a cursor for each statement would cost a tenth more
        self._writing = _Writing(self)
        try:
            self._use_log(busy_seconds)
            self._prepare_tables()
        except BaseException:
            self._connection.close()
            raise

    def now(self) -> float:
        """Seconds since 1970: everybody who uses the file shares a clock."""
        return time.time()

    def rows(self, statement: str, *parameters: Any) -> list[Row]:
        """Execute a query, or a change that returns rows."""
        try:
            return self._execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise storage_error(error, self.name) from error

    def change(self, statement: str, *parameters: Any) -> int:
        """Execute a change; how many rows it concerned."""
        try:
            return self._execute(statement, parameters).rowcount
        except sqlite3.Error as error:
            raise storage_error(error, self.name) from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let several queries see the same state; inside of a change, that of the change."""
        if self._connection.in_transaction:
            yield
            return
        self.change("BEGIN")
        try:
            yield
        finally:
            self.roll_back()

    def writing(self, study: int | None) -> AbstractContextManager[None]:
        """Make several changes at once or, after an exception, none."""
        return self._writing

    def adding(self, study: int) -> AbstractContextManager[None]:
        """Make several changes at once or, after an exception, none."""
        return self._writing

    def lock(self, study: int) -> None:
        """Nothing to do: the file is locked from the beginning of a transaction."""

    def together(self, study: int) -> AbstractContextManager[None]:
        """Make several changes at once or, after an exception, none."""
        return self._writing

    def position(self, study: int) -> tuple[int, int]:
        """What others changed, and what this object did."""
        return self.rows("PRAGMA data_version")[0][0], self._connection.total_changes

    def close(self) -> None:
        """Close the connection; the last one empties the log into the file."""
        try:
            self._connection.close()
        except sqlite3.Error as error:
            raise storage_error(error, self.name) from error

    def roll_back(self) -> None:
        """End the transaction without its changes; a failed one may have ended already."""
        if self._connection.in_transaction:
            self.change("ROLLBACK")

    def _use_log(self, seconds: float) -> None:
        """Switch to the write-ahead log, for which SQLite itself does not wait while others open the file, too."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = NORMAL")
            except sqlite3.Error as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise storage_error(error, self.name) from error
                time.sleep(_PAUSE_SECONDS)
            else:
                return

    def _prepare_tables(self) -> None:
        if not self._tables():
            with self._writing:
                if not self._tables():  # another process may have been faster
                    for statement in creation("INTEGER PRIMARY KEY AUTOINCREMENT", "WITHOUT ROWID"):
                        self.change(statement)
        tables = self._tables()
        if "mlkernel_schema" not in tables:
            raise UsageError(
                f"{self.name} is a database of something else: it holds {', '.join(tables[:5])}",
                hint="Name another file.",
            )
        require_version(self.rows("SELECT version FROM mlkernel_schema")[0][0], self.name)

    def _tables(self) -> list[str]:
        rows = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return [name for (name,) in rows]


class _Writing:
    """A transaction, and those inside of it; one object for all, since they come one after the other."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._depth = 0

    def __enter__(self) -> None:
        if self._depth == 0:
            self._database.change("BEGIN IMMEDIATE")
        self._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth:
            return
        if kind is not None:
            self._database.roll_back()
            return
        try:
            self._database.change("COMMIT")
        except StorageError:
            self._database.roll_back()
            raise
