"""Answers that were given to requests with an ``Idempotency-Key``."""

from __future__ import annotations

import time

from attrs import frozen

from mlkernel_locallm.server.store.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    media_type TEXT NOT NULL,
    body BLOB NOT NULL,
    saved_at REAL NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (saved_at);
"""
_PRUNE_EVERY = 1000


@frozen(kw_only=True)
class KeptAnswer:
    """What was answered."""

    fingerprint: str
    """Of the request that it answers."""
    media_type: str
    body: bytes


class AnsweredKeys:
    """The answers of the last hours.

    :param lifetime: seconds for which an answer is kept.
    """

    def __init__(self, database: Database, lifetime: float) -> None:
        self._database = database
        self._lifetime = lifetime
        self._saved = 0
        self._prune()

    def find(self, scope: str, key: str) -> KeptAnswer | None:
        """The answer, if there is one that is not too old."""
        with self._database.connection() as connection:
            row = connection.execute(
                "SELECT fingerprint, media_type, body FROM answers WHERE scope = ? AND key = ? AND saved_at > ?",
                (scope, key, time.time() - self._lifetime),
            ).fetchone()
        return None if row is None else KeptAnswer(fingerprint=row[0], media_type=row[1], body=row[2])

    def save(self, scope: str, key: str, answer: KeptAnswer) -> None:
        """Keep *answer*."""
        with self._database.connection() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
                (scope, key, answer.fingerprint, answer.media_type, answer.body, time.time()),
            )
        self._saved += 1
        if self._saved % _PRUNE_EVERY == 0:
            self._prune()

    def _prune(self) -> None:
        with self._database.connection() as connection:
            connection.execute("DELETE FROM answers WHERE saved_at <= ?", (time.time() - self._lifetime,))
