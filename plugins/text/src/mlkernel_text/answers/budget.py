"""What a run may spend, and what it has spent."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import define

from mlkernel import KernelError
from mlkernel_text.answers.database import open_database
from mlkernel_text.answers.prices import Prices
from mlkernel_text.backends.backend import Estimate

NANO = 1_000_000_000
"""Costs are added up as whole billionths, so that no rounding error can pass a cap."""

_TABLES = """
CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY CHECK (id = 0), tokens INTEGER, nanos INTEGER);
CREATE TABLE IF NOT EXISTS jobs (key TEXT PRIMARY KEY, tokens INTEGER, nanos INTEGER, settled INTEGER);
INSERT OR IGNORE INTO requests VALUES (0, 0, 0);
"""
"""``requests`` is what they took at most, always ahead of the truth while they are sent."""


class BudgetReached(KernelError):  # noqa: N818 - nothing went wrong: the run stops as it was told to
    """The next request might pass the cap, so that it was not sent."""


@define
class Amount:
    """Tokens and money."""

    tokens: int
    nanos: int
    """Billionths of the currency."""

    @classmethod
    def of(cls, estimate: Estimate) -> Amount:
        """The amount of an estimate, rounded up."""
        return cls(estimate.tokens, math.ceil(estimate.cost * NANO - 1e-3))

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.tokens + other.tokens, self.nanos + other.nanos)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.tokens - other.tokens, self.nanos - other.nanos)

    def __iter__(self) -> Iterator[int]:
        return iter((self.tokens, self.nanos))


class Reservation:
    """An amount that is set aside for one request or job, until it is settled or released."""

    def __init__(self, budget: Budget, amount: Amount, key: str | None) -> None:
        self._budget = budget
        self._key = key
        self.amount = amount
        """What is set aside; nothing if the job was settled before."""
        self.is_open = True

    def settle(self, spent: Estimate) -> None:
        """Count what it really took, and give back the rest. A second call changes nothing."""
        self._budget.close_reservation(self, self._key, Amount.of(spent))

    def release(self) -> None:
        """Give everything back: certainly nothing was spent."""
        self._budget.close_reservation(self, self._key, None)


class Budget:
    """Caps over everything that a run pays for; safe for threads, and durable.

    What may be spent is on disk before it is, for requests up to twice what is in flight, and not beyond a cap. All of
    it counts as spent after the process died, since it may have been; a job that is reserved again under its key is
    counted once.

    :param path: a SQLite file, made if there is none; one process has it open.
    :param max_cost: cap in the currency of the prices.
    :param max_tokens: cap in tokens.
    :param prices: model or pattern → prices per million tokens of prompts, answers and training.
    :param is_metered: whether requests cost something. Where they do not, what was in flight when the process died does
        not count.
    """

    def __init__(
        self,
        path: Path,
        max_cost: float | None = None,
        max_tokens: int | None = None,
        prices: Mapping[str, tuple[float, float, float]] | None = None,
        *,
        is_metered: bool = True,
    ) -> None:
        self.max_cost = max_cost
        self.max_tokens = max_tokens
        self.prices = Prices(prices or {})
        self._is_metered = is_metered
        self._lock = threading.Lock()
        self._database = open_database(path, _TABLES)
        self._spent = self._on_disk = self._total("SELECT tokens, nanos FROM requests")
        self._jobs = self._total("SELECT ifnull(sum(tokens), 0), ifnull(sum(nanos), 0) FROM jobs")
        self._requests = Amount(0, 0)

    def _total(self, query: str) -> Amount:
        return Amount(*self._database.execute(query).fetchone())

    @property
    def spent(self) -> Estimate:
        """What was paid, and what may have been paid: amounts that are set aside."""
        with self._lock:
            total = self._spent + self._jobs + self._requests
            return Estimate(tokens=total.tokens, cost=total.nanos / NANO)

    def reserve(self, estimate: Estimate, key: str | None = None) -> Reservation:
        """Set the most that something may cost aside.

        :param key: unique for a job and stable over attempts: it is counted once, however often it is reserved or
            settled. Requests have none, each one is counted.
        :raises BudgetReached: the cap might be passed.
        """
        amount = Amount.of(estimate)
        with self._lock:
            if key is not None:
                return self._reserve_job(amount, key)
            self._check(amount)
            self._requests += amount
            self._write_ahead()
            return Reservation(self, amount, None)

    def _reserve_job(self, amount: Amount, key: str) -> Reservation:
        row = self._database.execute(
            "SELECT tokens, nanos, settled FROM jobs WHERE key = ?", (key,)
        ).fetchone()
        old = Amount(0, 0) if row is None else Amount(row[0], row[1])
        if row is not None and row[2]:
            return Reservation(self, Amount(0, 0), key)
        self._check(amount - old)
        self._database.execute("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, 0)", (key, *amount))
        self._jobs += amount - old
        return Reservation(self, amount, key)

    def _write_ahead(self) -> None:
        """Have at least as much on disk as requests may take; more than that, so that it is seldom written."""
        if not self._is_metered:
            if self._spent != self._on_disk:
                self._write(self._spent)
            return
        most = self._spent + self._requests
        if most.tokens > self._on_disk.tokens or most.nanos > self._on_disk.nanos:
            # Not beyond the caps: a killed run could not even look after jobs that are paid for.
            self._write(self._within_caps(most + self._requests, most))

    def _within_caps(self, requests: Amount, least: Amount) -> Amount:
        tokens, nanos = requests
        if self.max_tokens is not None:
            tokens = max(least.tokens, min(tokens, self.max_tokens - self._jobs.tokens))
        if self.max_cost is not None:
            nanos = max(least.nanos, min(nanos, round(self.max_cost * NANO) - self._jobs.nanos))
        return Amount(tokens, nanos)

    def _write(self, requests: Amount) -> None:
        self._database.execute("UPDATE requests SET tokens = ?, nanos = ?", tuple(requests))
        self._on_disk = requests

    def _check(self, amount: Amount) -> None:
        """Refuse what might pass a cap; what takes nothing more is never refused, such as a look at a begun job."""
        if self.max_tokens is None and self.max_cost is None:
            return
        reserved = self._jobs + self._requests
        after = self._spent + reserved + amount
        if self.max_tokens is not None and amount.tokens > 0 and after.tokens > self.max_tokens:
            raise _reached("max_tokens", self.max_tokens, self._spent.tokens, reserved.tokens, amount.tokens)
        if self.max_cost is not None and amount.nanos > 0 and after.nanos > round(self.max_cost * NANO):
            costs = [total.nanos / NANO for total in (self._spent, reserved, amount)]
            raise _reached("max_cost", self.max_cost, *costs)

    def close_reservation(self, reservation: Reservation, key: str | None, spent: Amount | None) -> None:
        """Replace what is set aside by what was spent; called by reservations.

        :param spent: ``None`` where nothing was.
        """
        with self._lock:
            if not reservation.is_open:
                return
            reservation.is_open = False
            if key is not None:
                self._close_job(key, spent)
                return
            self._requests -= reservation.amount
            if spent is not None:
                self._spent += spent
                self._write_ahead()  # for a request that took more than was expected

    def _close_job(self, key: str, spent: Amount | None) -> None:
        query = "SELECT tokens, nanos FROM jobs WHERE key = ? AND NOT settled"
        row = self._database.execute(query, (key,)).fetchone()
        if row is None:
            return
        self._jobs -= Amount(*row)
        if spent is None:
            self._database.execute("DELETE FROM jobs WHERE key = ?", (key,))
        else:
            self._database.execute("REPLACE INTO jobs VALUES (?, ?, ?, 1)", (key, *spent))
            self._jobs += spent

    def close(self) -> None:
        """Close the file; what is still set aside counts as spent when it is opened again."""
        with self._lock:
            self._write(self._spent + self._requests if self._is_metered else self._spent)
            self._database.close()


def _reached(option: str, cap: float, spent: float, reserved: float, needed: float) -> BudgetReached:
    return BudgetReached(
        f"the budget is reached: of {cap:.10g} ({option}) {spent:.10g} are spent and {reserved:.10g} set aside, and"
        f" the next step may take {needed:.10g}",
        hint=f"Everything is kept. Resume the run with a higher budget.{option} to go on.",
    )
