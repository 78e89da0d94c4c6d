"""The record of every fine-tune job of a run, on disk before anyone is asked for anything."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from mlkernel import FineTuneJob, FineTuneRequest

_TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    key TEXT PRIMARY KEY, iteration INTEGER, "group" TEXT, attempt INTEGER, request TEXT, job TEXT,
    UNIQUE (iteration, "group", attempt)
)
"""


@frozen(kw_only=True)
class JobRecord:
    """One attempt to train one group in one iteration."""

    iteration: int
    group: str
    attempt: int
    """From 1."""
    request: FineTuneRequest
    job: FineTuneJob


class JobLedger:
    """A SQLite file with one row per job, replaced whole at each transition and synced to disk.

    Paths are kept relative to it, so that a run directory can be moved.

    :param path: made when it is first used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, record: JobRecord) -> None:
        """Write *record* in place of the one with its key; it survives a power cut once this returns."""
        request = asdict(record.request)
        for name in ("training_file", "validation_file"):
            request[name] = request[name] and os.path.relpath(request[name], self._path.parent)
        row = (
            record.request.key,
            record.iteration,
            record.group,
            record.attempt,
            json.dumps(request),
            json.dumps(asdict(record.job)),
        )
        with self._database() as database:
            database.execute("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?)", row)

    def find(self, key: str) -> JobRecord | None:
        """The record of the job *key*."""
        return next(iter(self._records("WHERE key = ?", key)), None)

    def current(self, iteration: int, group: str) -> JobRecord | None:
        """The newest attempt of *group*."""
        return self.records(iteration).get(group)

    def records(self, iteration: int) -> dict[str, JobRecord]:
        """Group → its newest attempt."""
        rows = self._records('WHERE iteration = ? ORDER BY "group", attempt', iteration)
        return {record.group: record for record in rows}

    def history(self) -> list[JobRecord]:
        """Every attempt of every group, in order."""
        return self._records('ORDER BY iteration, "group", attempt')

    def _records(self, condition: str, *values: Any) -> list[JobRecord]:
        if not self._path.exists():
            return []
        with self._database() as database:
            query = f'SELECT iteration, "group", attempt, request, job FROM jobs {condition}'  # noqa: S608 - our own
            return [self._record(*row) for row in database.execute(query, values)]

    def _record(self, iteration: int, group: str, attempt: int, request: str, job: str) -> JobRecord:
        fields = json.loads(request)
        for name in ("training_file", "validation_file"):
            fields[name] = fields[name] and self._path.parent / fields[name]
        return JobRecord(
            iteration=iteration,
            group=group,
            attempt=attempt,
            request=FineTuneRequest(**fields),
            job=FineTuneJob(**json.loads(job)),
        )

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path)) as database, database:
            database.execute("PRAGMA synchronous=FULL")
            database.execute(_TABLE)
            yield database
