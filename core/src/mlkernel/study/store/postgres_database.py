"""A store in a PostgreSQL database, for drivers on several machines."""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any

from mlkernel.errors import PluginError, StorageError, UsageError
from mlkernel.study.store.database import ConnectionLostError, Row
from mlkernel.study.store.schema_version import require_version
from mlkernel.study.store.store_url import passwords, without_password
from mlkernel.study.store.tables import creation

try:
    import psycopg
except ImportError as missing:
    raise PluginError(
        "studies in PostgreSQL need the package psycopg", hint="pip install 'mlkernel[postgres]'"
    ) from missing

_LOCKS = 1_819_045_741
"""First key of our advisory locks; any number that nobody else takes. The second is the study's; 0: the tables."""

_CLOCK_SECONDS = 60.0
"""How long a reading of the server's clock is used: asking for it at each change would double what a change costs."""

_CONNECT_SECONDS = "10"
"""For how long a server is waited for that does not answer at all, unless the address or ``PGCONNECT_TIMEOUT`` says."""

_RESTART_SECONDS, _PAUSE_SECONDS = 5.0, 0.2
"""For how long, and how often, a connection is opened anew that was lost between two transactions. After that, as after
a loss inside of one, a driver begins anew from what the store tells, and others may take the runs that it had."""

_HARMLESS = ("SELECT", "BEGIN")
"""Beginnings of statements that may be executed again after a connection was lost."""

_LOST = "lost the connection to {store}: {error}"


class PostgresDatabase:
    """A connection to the database at *url*, whose tables are made unless *must_exist*.

    Changes are as durable as the server makes them; the clock is the server's. Changes of one study come one after the
    other, so that reports and ends get their places in the order in which they become visible.

    A connection that is lost between two transactions is opened anew at once: nothing is half done then. One that is
    lost inside of a transaction is an error, since whoever began it may hold for done what the server has not kept; so
    is a server that is away. What is asked for after that error opens another connection.

    :raises UsageError: there are no tables and *must_exist*, or they are of another version.
    :raises StorageError: the server cannot be reached, or refuses.
    """

    def __init__(self, url: str, *, must_exist: bool = False) -> None:
        self.name = without_password(url)
        self._url, self._secrets = url, passwords(url)
        self._is_inside = False
        """Of a transaction."""
        self._clock_read = -math.inf
        self._clock_ahead = 0.0
        fault = None
        try:
            self._connection = self._connect()
        except psycopg.Error as error:
            fault = StorageError(
                f"cannot open {self.name}: {self._text(error)}",
                hint="Is the server running? Passwords come from PGPASSWORD or ~/.pgpass.",
            )
        if fault is not None:
            raise fault  # outside of the handler: psycopg's own error may hold the password
        try:
            self._prepare_tables(must_exist=must_exist)
        except BaseException:
            self._connection.close()
            raise

    def now(self) -> float:
        """Seconds since 1970 by the server's clock."""
        here = time.monotonic()
        if here - self._clock_read > _CLOCK_SECONDS:
            server: float = self.rows("SELECT extract(epoch FROM clock_timestamp())::float8")[0][0]
            self._clock_read, self._clock_ahead = here, server - here
        return here + self._clock_ahead

    def rows(self, statement: str, *parameters: Any) -> list[Row]:
        """Execute a query, or a change that returns rows."""
        with self._errors():
            found: list[Row] = self._execute(statement, parameters).fetchall()
            return found

    def change(self, statement: str, *parameters: Any) -> int:
        """Execute a change; how many rows it concerned."""
        with self._errors():
            concerned: int = self._execute(statement, parameters).rowcount
            return concerned

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let several queries see the same state; inside of a change, that of the change."""
        if self._is_inside:
            yield
            return
        self._begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            self._roll_back()

    def writing(self, study: int | None) -> AbstractContextManager[None]:
        """Make several changes at once or, after an exception, none."""
        if self._is_inside:
            return nullcontext()
        return self._transaction(study)

    @contextmanager
    def adding(self, study: int) -> Iterator[None]:
        """Keep others from adding to *study*, while their runs go on reporting."""
        if self._is_inside:
            yield
            return
        with self._transaction(None):
            self.rows("SELECT pg_advisory_xact_lock(?, ?)", _LOCKS, study)
            yield

    def lock(self, study: int) -> None:
        """Nobody else changes *study* until the end of the transaction."""
        self.change("UPDATE mlkernel_studies SET changes = changes + 1 WHERE id = ?", study)

    @contextmanager
    def together(self, study: int) -> Iterator[None]:
        """Make any changes at once or, after an exception, none; nobody else adds to *study* or changes it."""
        with self.adding(study):
            self.lock(study)
            yield

    def position(self, study: int) -> tuple[int, ...]:
        """How often the study was changed."""
        return tuple(self.rows("SELECT changes FROM mlkernel_studies WHERE id = ?", study)[0])

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def _transaction(self, study: int | None) -> Iterator[None]:
        self._begin("BEGIN")
        try:
            if study is not None:
                self.lock(study)
            yield
            self.change("COMMIT")
            self._is_inside = False
        except BaseException:
            self._roll_back()
            raise

    def _begin(self, statement: str) -> None:
        self.change(statement)
        self._is_inside = True

    def _roll_back(self) -> None:
        self._is_inside = False
        idle = psycopg.pq.TransactionStatus.IDLE
        if not self._connection.closed and self._connection.info.transaction_status != idle:
            self.change("ROLLBACK")

    def _connect(self) -> psycopg.Connection[Any]:
        options: dict[str, Any] = {"connect_timeout": os.environ.get("PGCONNECT_TIMEOUT", _CONNECT_SECONDS)}
        options |= psycopg.conninfo.conninfo_to_dict(self._url)
        return psycopg.connect(**options, autocommit=True, prepare_threshold=2)

    def _execute(self, statement: str, parameters: Sequence[Any]) -> psycopg.Cursor[Any]:
        text = _in_its_style(statement)
        if self._connection.closed and not self._is_inside:
            self._reconnect()  # whoever lost it was told
        may_repeat = not self._is_inside and statement.startswith(_HARMLESS)
        try:
            return self._connection.execute(text, parameters)
        except psycopg.Error as error:
            if not (may_repeat and self._connection.closed):
                raise
            lost = _LOST.format(store=self.name, error=self._text(error))
        self._reconnect(_RESTART_SECONDS)
        warnings.warn(f"{lost}\n  It was opened anew.", stacklevel=1)
        return self._connection.execute(text, parameters)

    def _reconnect(self, patience: float = 0.0) -> None:
        deadline = time.monotonic() + patience
        while True:
            try:
                self._connection = self._connect()
                break
            except psycopg.OperationalError:
                if time.monotonic() + _PAUSE_SECONDS > deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)
        self._clock_read = -math.inf  # the server may be another one by now

    def _prepare_tables(self, *, must_exist: bool) -> None:
        if not self._has_tables():
            if must_exist:
                raise UsageError(f"no studies are kept in {self.name}: it has no tables of mlkernel")
            with self._transaction(None):
                self.rows("SELECT pg_advisory_xact_lock(?, 0)", _LOCKS)
                if not self._has_tables():  # another process may have been faster
                    for statement in creation("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", ""):
                        self.change(statement)
        require_version(self.rows("SELECT version FROM mlkernel_schema")[0][0], self.name)

    def _has_tables(self) -> bool:
        # Read from the catalogue itself: what to_regclass remembers is older than the lock in _prepare_tables.
        return bool(
            self.rows("SELECT 1 FROM pg_class WHERE relname = 'mlkernel_schema' AND pg_table_is_visible(oid)")
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        fault = None
        try:
            yield
        except psycopg.Error as error:
            fault = self._fault(error)
        if fault is not None:
            raise fault from None

    def _fault(self, error: psycopg.Error) -> StorageError:
        text = self._text(error)
        if isinstance(error, psycopg.errors.DiskFull):
            return StorageError(
                f"no room left in {self.name}: {text}", hint="Make room and go on with kernel study resume."
            )
        if self._connection.closed:
            return ConnectionLostError(
                _LOST.format(store=self.name, error=text), hint="Go on with kernel study resume."
            )
        return StorageError(f"{self.name} refuses: {text}")

    def _text(self, error: psycopg.Error) -> str:
        text = " ".join(str(error).split())
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return text


@cache
def _in_its_style(statement: str) -> str:
    return statement.replace("?", "%s")
