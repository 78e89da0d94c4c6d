"""A SQLite table over many run directories: it only makes lists fast, and is rebuilt from them whenever it is lost."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import attrs
from attrs import frozen

from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.status import State, read_status

_SCHEMA_VERSION = 1
_CREATE = """
CREATE TABLE runs (
    run_id PRIMARY KEY, changed, trainer, state, started, seconds, metric, value, phase, completed, total
)
"""
_REPLACE = """
REPLACE INTO runs VALUES (
    :run_id, :changed, :trainer, :state, :started, :seconds, :metric, :value, :phase, :completed, :total
)
"""


@frozen(kw_only=True)
class RunRow:
    """What a list shows of one run."""

    run_id: str
    changed: int
    """Modification time of ``status.json`` in nanoseconds: a row is fresh while it is equal."""
    trainer: str
    state: State
    started: float | None
    """Start of the first attempt, seconds since 1970."""
    seconds: float
    """Time spent, over all attempts."""
    metric: str | None
    value: float | None
    """The best reported value."""
    phase: str | None
    completed: int | None
    total: int | None
    """The newest phase and how far it is."""


def list_runs(root: Path) -> list[RunRow]:
    """A row for every run in *root*, oldest first; only what changed since the last call is read.

    A folder that cannot be written is listed without an index.
    """
    directories = [RunDirectory(path.parent) for path in root.glob("*/plan.json")]
    try:
        rows = _refreshed_rows(root, directories)
    except sqlite3.OperationalError:  # locked by another process, or a folder that cannot be written
        rows = [read_row(directory) for directory in directories]
    except sqlite3.DatabaseError:  # damaged: the next call makes it anew
        (root / "index.sqlite").unlink(missing_ok=True)
        rows = [read_row(directory) for directory in directories]
    return sorted(rows, key=lambda row: (row.started or 0.0, row.run_id))


def read_row(directory: RunDirectory) -> RunRow:
    """The row of one run, from its directory."""
    changed = _changed(directory)  # first: a change while it is read must make the row stale
    status = read_status(directory)
    plan = json.loads(directory.plan.read_text(encoding="utf-8"))
    phase, (completed, total) = next(reversed(status.progress.items()), (None, (None, None)))
    return RunRow(
        run_id=directory.run_id,
        changed=changed,
        trainer=plan["trainer"]["name"],
        state=status.state,
        started=status.attempts[0].started if status.attempts else None,
        seconds=status.seconds,
        metric=status.best.metric if status.best else None,
        value=status.best.value if status.best else None,
        phase=phase,
        completed=completed,
        total=total,
    )


def _refreshed_rows(root: Path, directories: list[RunDirectory]) -> list[RunRow]:
    if not directories:
        return []
    with closing(sqlite3.connect(root / "index.sqlite", timeout=5.0)) as database, database:
        if database.execute("PRAGMA user_version").fetchone()[0] != _SCHEMA_VERSION:
            database.execute("DROP TABLE IF EXISTS runs")
            database.execute(_CREATE)
            database.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        database.row_factory = sqlite3.Row
        known = {row["run_id"]: RunRow(**dict(row)) for row in database.execute("SELECT * FROM runs")}
        rows = [_fresh(known.get(directory.run_id), directory) for directory in directories]
        gone = known.keys() - {row.run_id for row in rows}
        database.executemany("DELETE FROM runs WHERE run_id = ?", [(run_id,) for run_id in gone])
        changed = [attrs.asdict(row) for row in rows if known.get(row.run_id) != row]
        database.executemany(_REPLACE, changed)
    return rows


def _fresh(row: RunRow | None, directory: RunDirectory) -> RunRow:
    """A running run is always read again, since its process may have died without a word."""
    if row is not None and row.changed == _changed(directory) and row.state != "running":
        return row
    return read_row(directory)


def _changed(directory: RunDirectory) -> int:
    try:
        return directory.status.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
