"""The runs of trials, and what they report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlkernel.errors import UsageError
from mlkernel.study.store.database import Database, Row
from mlkernel.study.store.records import ReportRecord, RunRecord, RunState
from mlkernel.study.store.rows import (
    REPORT,
    RUN,
    RUN_COLUMNS,
    mapping_text,
    metrics_text,
    plain_text,
    replaced,
    report_record,
    run_record,
    values_text,
)
from mlkernel.study.store.study_store import NewReportRecord

_THIS = "study = ? AND trial = ? AND place = ?"
_STILL_RUNS = " AND attempt = ? AND state = 'running'"
"""A condition that keeps out whoever lost the run to somebody else."""
_REPORTED = f"UPDATE mlkernel_runs SET step = ?, metrics = ? WHERE {_THIS} AND (step IS NULL OR step < ?)"
_REPORTED_BY = _REPORTED + _STILL_RUNS
_ENDED = (
    "UPDATE mlkernel_runs SET state = ?, result = coalesce(?, result), error = ?, driver = NULL, ended = ?,"
    " failures = failures + ?, step = coalesce(?, step), metrics = coalesce(?, metrics)"
)
_REPORT = (
    "INSERT INTO mlkernel_reports (study, position, trial, place, step, result, metrics, time) VALUES (?,"
    " (SELECT coalesce(max(position), -1) + 1 FROM mlkernel_reports WHERE study = ?), ?, ?, ?, ?, ?, ?)"
)


class RunTable:
    """Runs by their trial and their place in it. Each change is part of a transaction that the caller began."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        study: int,
        trial: int,
        runs: Sequence[tuple[int, int | None]],
        driver: str,
        directory: str | None,
        handle: Mapping[str, object] | None,
    ) -> tuple[RunRecord, ...]:
        """Add the runs of a trial, of which *driver* takes the first if it is given a *directory*."""
        return tuple(
            [
                self._start_new(study, trial, seed, fold, driver=driver, directory=directory, handle=handle)
                if directory is not None and place == 0
                else self._add(study, trial, place, seed, fold)
                for place, (seed, fold) in enumerate(runs)
            ]
        )

    def restore(self, study: int, run: RunRecord) -> None:
        """Add a run as it was elsewhere; one that ran waits."""
        self._database.change(
            "INSERT INTO mlkernel_runs (study, trial, place, seed, fold, state, attempt, failures, directory, step,"
            " result, metrics, error, started, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(study, run.trial, run.place, str(run.seed), run.fold),
            *("waiting" if run.state == "running" else run.state, run.attempt),
            *(run.failures, run.directory, run.step),
            *(
                values_text(run.values),
                metrics_text(run.metrics),
                plain_text(run.error),
                run.started,
                run.ended,
            ),
        )

    def restore_report(self, study: int, position: int, report: ReportRecord) -> None:
        """Add a report as it was elsewhere."""
        self._database.change(
            f"INSERT INTO mlkernel_reports (study, {REPORT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(study, position, report.trial, report.place, report.step),
            *(values_text(report.values), metrics_text(report.metrics), report.time),
        )

    def start(
        self,
        study: int,
        trial: int,
        place: int,
        *,
        driver: str,
        directory: str,
        handle: Mapping[str, object] | None,
    ) -> RunRecord | None:
        """Take a run that waits or is paused; ``None`` if it does neither."""
        row = self._row(study, trial, place)
        before = dict(zip(RUN_COLUMNS, row, strict=True))
        if before["state"] not in {"waiting", "paused"}:
            return None
        changes = {
            "state": "running",
            "attempt": before["attempt"] + 1,
            "driver": driver,
            "handle": _handle_text(handle),
            "directory": directory,
            "error": None,
            "started": before["started"] or self._database.now(),
            "ended": None,
        }
        self._database.change(
            f"UPDATE mlkernel_runs SET {' = ?, '.join(changes)} = ? WHERE {_THIS}",
            *(*changes.values(), study, trial, place),
        )
        return run_record(replaced(RUN_COLUMNS, row, changes))

    def report(
        self,
        study: int,
        trial: int,
        place: int,
        *,
        step: float,
        values: Sequence[float],
        metrics: Mapping[str, float],
        attempt: int | None,
    ) -> bool:
        """Add a report, unless one at this step or a later one is known, or another attempt runs."""
        others = metrics_text(metrics)
        if attempt is None:
            changed = self._database.change(_REPORTED, step, others, study, trial, place, step)
        else:
            changed = self._database.change(_REPORTED_BY, step, others, study, trial, place, step, attempt)
        if not changed:
            self._row(study, trial, place)
            return False
        self._add_report(study, trial, place, step, values, others)
        return True

    def _add_report(
        self, study: int, trial: int, place: int, step: float, values: Sequence[float], metrics: str
    ) -> None:
        now = self._database.now()
        self._database.change(_REPORT, study, study, trial, place, step, values_text(values), metrics, now)

    def end(  # noqa: PLR0913 - everything that changes at once
        self,
        study: int,
        trial: int,
        place: int,
        state: RunState,
        *,
        values: Sequence[float] | None,
        error: str | None,
        report: NewReportRecord | None,
        attempt: int | None,
    ) -> bool:
        """Say how an attempt ended, and what it reported last, unless another attempt runs."""
        fence, fenced = ("", ()) if attempt is None else (_STILL_RUNS, (attempt,))
        ended = None if state in {"waiting", "paused"} else self._database.now()
        is_tried_again = state == "waiting" and error is not None
        more = ", handle = NULL" if state == "waiting" else ""
        step, others = (None, "") if report is None else (report.step, metrics_text(report.metrics))
        changed = self._database.change(
            f"{_ENDED}{more} WHERE {_THIS}{fence}",
            *(state, values_text(values), plain_text(error), ended, int(is_tried_again)),
            *(step, others or None, study, trial, place, *fenced),
        )
        if not changed:
            self._row(study, trial, place)
        elif report is not None:
            self._add_report(study, trial, place, report.step, report.values, others)
        return bool(changed)

    def of_trials(self, study: int, first: int, last: int) -> dict[int, tuple[RunRecord, ...]]:
        """The runs of the trials *first* to *last*, by trial."""
        rows = self._database.rows(
            f"SELECT {RUN} FROM mlkernel_runs WHERE study = ? AND trial >= ? AND trial <= ? ORDER BY trial, place",
            *(study, first, last),
        )
        runs: dict[int, list[RunRecord]] = {}
        for row in rows:
            runs.setdefault(row[0], []).append(run_record(row))
        return {trial: tuple(of_trial) for trial, of_trial in runs.items()}

    def reports(self, study: int, after: int, at_once: int) -> Iterator[ReportRecord]:
        """Reports after the position *after*, *at_once* of which are read at a time."""
        while rows := self._reports(study, after, at_once):
            yield from map(report_record, rows)
            after = rows[-1][0]

    def _add(self, study: int, trial: int, place: int, seed: int, fold: int | None) -> RunRecord:
        # Seeds use all of 64 bits, one more than integers of tables have.
        self._database.change(
            "INSERT INTO mlkernel_runs (study, trial, place, seed, fold, state, attempt)"
            " VALUES (?, ?, ?, ?, ?, 'waiting', 0)",
            *(study, trial, place, str(seed), fold),
        )
        return RunRecord(trial=trial, place=place, seed=seed, fold=fold)

    def _start_new(
        self,
        study: int,
        trial: int,
        seed: int,
        fold: int | None,
        *,
        driver: str,
        directory: str,
        handle: Mapping[str, object] | None,
    ) -> RunRecord:
        now = self._database.now()
        self._database.change(
            "INSERT INTO mlkernel_runs (study, trial, place, seed, fold, state, attempt, driver, handle,"
            " directory, started) VALUES (?, ?, 0, ?, ?, 'running', 1, ?, ?, ?, ?)",
            *(study, trial, str(seed), fold, driver, _handle_text(handle), directory, now),
        )
        return RunRecord(
            trial=trial,
            place=0,
            seed=seed,
            fold=fold,
            state="running",
            attempt=1,
            driver=driver,
            handle=handle,
            directory=directory,
            started=now,
        )

    def _row(self, study: int, trial: int, place: int) -> Row:
        rows = self._database.rows(f"SELECT {RUN} FROM mlkernel_runs WHERE {_THIS}", study, trial, place)
        if not rows:
            raise UsageError(f"the study has no run {place} of trial {trial} in {self._database.name}")
        return rows[0]

    def _reports(self, study: int, after: int, limit: int) -> list[Row]:
        return self._database.rows(
            f"SELECT {REPORT} FROM mlkernel_reports WHERE study = ? AND position > ? ORDER BY position LIMIT ?",
            *(study, after, limit),
        )


def _handle_text(handle: Mapping[str, object] | None) -> str | None:
    return None if handle is None else mapping_text(handle)
