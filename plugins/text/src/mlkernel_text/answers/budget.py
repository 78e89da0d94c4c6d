"""What a run may spend, and what it has spent."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mlkernel import KernelError
from mlkernel_text.answers.prices import Prices
from mlkernel_text.backends.backend import Estimate

NANO = 1_000_000_000
"""Costs are added up as whole billionths, so that no rounding error can pass a cap."""

_TABLES = """
CREATE TABLE IF NOT EXISTS spent (id INTEGER PRIMARY KEY CHECK (id = 0), tokens INTEGER, nanos INTEGER);
CREATE TABLE IF NOT EXISTS reserved (id INTEGER PRIMARY KEY, key TEXT UNIQUE, tokens INTEGER, nanos INTEGER);
CREATE TABLE IF NOT EXISTS settled (key TEXT PRIMARY KEY, tokens INTEGER, nanos INTEGER);
INSERT OR IGNORE INTO spent VALUES (0, 0, 0);
"""


class BudgetReached(KernelError):  # noqa: N818 - nothing went wrong: the run stops as it was told to
    """The next request might pass the cap, so that it was not sent."""


class _Amount(NamedTuple):
    tokens: int
    nanos: int

    @classmethod
    def of(cls, estimate: Estimate) -> _Amount:
        return cls(estimate.tokens, math.ceil(estimate.cost * NANO - 1e-3))


class Reservation:
    """An amount that is set aside for one request or job, until it is settled or released."""

    def __init__(self, budget: Budget, row: int | None, key: str | None) -> None:
        self._budget = budget
        self._row = row
        self._key = key

    def settle(self, spent: Estimate) -> None:
        """Count what it really took, and give back the rest. A second call changes nothing."""
        if self._row is not None:
            self._budget.close_reservation(self._row, self._key, _Amount.of(spent))
            self._row = None

    def release(self) -> None:
        """Give everything back: certainly nothing was spent."""
        if self._row is not None:
            self._budget.close_reservation(self._row, None, _Amount(0, 0))
            self._row = None


class Budget:
    """Caps over everything that a run pays for; safe for threads, and durable.

    Amounts are reserved on disk before they are spent. What was reserved by a process that died counts as spent, since
    it may have been, unless the same key is reserved again.

    :param path: a SQLite file, made if there is none.
    :param max_cost: cap in the currency of the prices.
    :param max_tokens: cap in tokens.
    :param prices: model or pattern → prices per million tokens of prompts, answers and training.
    """

    def __init__(
        self,
        path: Path,
        max_cost: float | None = None,
        max_tokens: int | None = None,
        prices: Mapping[str, tuple[float, float, float]] | None = None,
    ) -> None:
        self.max_cost = max_cost
        self.max_tokens = max_tokens
        self.prices = Prices(prices or {})
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _TABLES)
        self._spent = self._total("spent")
        self._reserved = self._total("reserved")
        (self._last_row,) = self._database.execute("SELECT ifnull(max(id), 0) FROM reserved").fetchone()

    def _total(self, table: str) -> _Amount:
        query = f"SELECT ifnull(sum(tokens), 0), ifnull(sum(nanos), 0) FROM {table}"  # noqa: S608 - names of our own
        return _Amount(*self._database.execute(query).fetchone())

    @property
    def spent(self) -> Estimate:
        """What was paid, and what may have been paid: amounts that are reserved."""
        with self._lock:
            return Estimate(
                tokens=self._spent.tokens + self._reserved.tokens,
                cost=(self._spent.nanos + self._reserved.nanos) / NANO,
            )

    def reserve(self, estimate: Estimate, key: str | None = None) -> Reservation:
        """Set the most that something may cost aside.

        :param key: unique for a job and stable over attempts: it is counted once, however often it is reserved or
            settled. Requests have none, each one is counted.
        :raises BudgetReached: the cap might be passed.
        """
        amount = _Amount.of(estimate)
        with self._lock:
            if key is not None:
                if self._database.execute("SELECT 1 FROM settled WHERE key = ?", (key,)).fetchone():
                    return Reservation(self, None, key)
                self._forget(key)
            self._check(amount)
            self._last_row = row = self._last_row + 1
            self._database.execute("INSERT INTO reserved VALUES (?, ?, ?, ?)", (row, key, *amount))
            self._reserved = _plus(self._reserved, amount)
        return Reservation(self, row, key)

    def _forget(self, key: str) -> None:
        old = self._database.execute("SELECT tokens, nanos FROM reserved WHERE key = ?", (key,)).fetchone()
        if old is not None:
            self._database.execute("DELETE FROM reserved WHERE key = ?", (key,))
            self._reserved = _minus(self._reserved, _Amount(*old))

    def _check(self, amount: _Amount) -> None:
        after = _plus(_plus(self._spent, self._reserved), amount)
        if self.max_tokens is not None and after.tokens > self.max_tokens:
            spent, reserved, cap = self._spent.tokens, self._reserved.tokens, self.max_tokens
            raise _reached(f"{spent} of {cap} tokens", str(reserved), f"{amount.tokens} tokens", "max_tokens")
        if self.max_cost is not None and after.nanos > round(self.max_cost * NANO):
            spent_cost, reserved_cost = self._spent.nanos / NANO, self._reserved.nanos / NANO
            raise _reached(
                f"{spent_cost:.6g} of {self.max_cost:.6g}",
                f"{reserved_cost:.6g}",
                f"{amount.nanos / NANO:.6g}",
                "max_cost",
            )

    def close_reservation(self, row: int, key: str | None, spent: _Amount) -> None:
        """Replace what is reserved by what was spent; called by reservations."""
        with self._lock:
            old = self._database.execute("SELECT tokens, nanos FROM reserved WHERE id = ?", (row,)).fetchone()
            if old is None:  # the key was reserved again, and that reservation counts
                return
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("DELETE FROM reserved WHERE id = ?", (row,))
            if spent != (0, 0):
                self._database.execute("UPDATE spent SET tokens = tokens + ?, nanos = nanos + ?", spent)
            if key is not None:
                self._database.execute("INSERT INTO settled VALUES (?, ?, ?)", (key, *spent))
            self._database.execute("COMMIT")
            self._reserved = _minus(self._reserved, _Amount(*old))
            self._spent = _plus(self._spent, spent)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()


def _reached(spent: str, reserved: str, needed: str, option: str) -> BudgetReached:
    return BudgetReached(
        f"the budget is reached: {spent} spent, {reserved} set aside, and the next step may take {needed}",
        hint=f"Everything is kept. Resume the run with a higher budget.{option} to go on.",
    )


def _plus(one: _Amount, other: _Amount) -> _Amount:
    return _Amount(one.tokens + other.tokens, one.nanos + other.nanos)


def _minus(one: _Amount, other: _Amount) -> _Amount:
    return _Amount(one.tokens - other.tokens, one.nanos - other.nanos)
