"""The drivers of a study, and the runs that they hand back."""

from __future__ import annotations

from mlkernel.study.store.database import Database
from mlkernel.study.store.records import DriverRecord, RunRecord
from mlkernel.study.store.rows import DRIVER, RUN, driver_record, run_record


class DriverTable:
    """Who drives a study. Each change is part of a transaction that the caller began."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, study: int, driver: DriverRecord) -> None:
        """Register *driver*, or say that it still lives."""
        self._database.change(
            "INSERT INTO mlkernel_drivers (study, name, host, pid, heartbeat) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (study, name) DO UPDATE SET heartbeat = excluded.heartbeat",
            study,
            driver.name,
            driver.host,
            driver.pid,
            self._database.now(),
        )

    def all(self, study: int) -> list[DriverRecord]:
        """Those who are registered, by their names."""
        rows = self._database.rows(
            f"SELECT {DRIVER} FROM mlkernel_drivers WHERE study = ? ORDER BY name", study
        )
        return [driver_record(row) for row in rows]

    def silent(self, study: int, seconds: float) -> list[str]:
        """Names of those who did not beat for *seconds*."""
        rows = self._database.rows(
            "SELECT name FROM mlkernel_drivers WHERE study = ? AND heartbeat <= ? ORDER BY name",
            study,
            self._database.now() - seconds,
        )
        return [name for (name,) in rows]

    def remove(self, study: int, name: str) -> list[RunRecord]:
        """Forget a driver; its runs wait for others, and are returned with their handles."""
        self._database.change("DELETE FROM mlkernel_drivers WHERE study = ? AND name = ?", study, name)
        rows = self._database.rows(
            "UPDATE mlkernel_runs SET state = 'waiting', driver = NULL"
            f" WHERE study = ? AND driver = ? AND state = 'running' RETURNING {RUN}",
            study,
            name,
        )
        return sorted((run_record(row) for row in rows), key=lambda run: (run.trial, run.place))
