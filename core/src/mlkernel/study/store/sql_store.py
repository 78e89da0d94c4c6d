"""A store in tables: what each method of the contract changes in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import attrs

from mlkernel.study.curves import ENDED, TrialState
from mlkernel.study.store.database import Database
from mlkernel.study.store.driver_table import DriverTable
from mlkernel.study.store.records import (
    DriverRecord,
    PauseRecord,
    ReportRecord,
    RunRecord,
    RunState,
    StudyRecord,
    StudyState,
    TrialRecord,
)
from mlkernel.study.store.rows import trial_record
from mlkernel.study.store.run_table import RunTable
from mlkernel.study.store.study_store import NewReportRecord, NewTrialRecord
from mlkernel.study.store.study_table import StudyTable
from mlkernel.study.store.trial_table import TrialTable

_AT_ONCE = 1000
"""Records that are read in one transaction, so that whoever reads slowly holds up nobody."""


class SqlStore:
    """The studies of *database*; :class:`~mlkernel.study.store.study_store.StudyStore` says what each method does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._studies = StudyTable(database)
        self._trials = TrialTable(database)
        self._runs = RunTable(database)
        self._drivers = DriverTable(database)

    @property
    def name(self) -> str:
        """The file, or the URL without its password."""
        return self._database.name

    def studies(self) -> list[StudyRecord]:
        """All studies, oldest first."""
        return self._studies.all()

    def create(self, name: str, configuration: Mapping[str, Any]) -> StudyRecord:
        """Add a study."""
        return self._studies.create(name, configuration)

    def restore(
        self,
        study: StudyRecord,
        revisions: Sequence[Mapping[str, Any]],
        trials: Iterable[TrialRecord],
        reports: Iterable[ReportRecord],
        pauses: Iterable[PauseRecord] = (),
    ) -> StudyRecord:
        """Add a study with all that belongs to it."""
        with self._database.writing(None):
            self._studies.create(study.name, study.configuration)
            key = self._studies.key(study.name)
            restored = self._studies.restore(key, study, revisions)
            for trial in trials:
                self._trials.restore(key, trial)
                for run in trial.runs:
                    self._runs.restore(key, run)
            for position, report in enumerate(reports):
                self._runs.restore_report(key, position, report)
            for pause in pauses:
                self._trials.restore_pause(key, pause)
        return restored

    def study(self, name: str) -> StudyRecord:
        """One study."""
        return self._studies.get(name)

    def revise(self, name: str, configuration: Mapping[str, Any]) -> StudyRecord:
        """Change its configuration."""
        return self._studies.revise(name, configuration)

    def revisions(self, name: str) -> list[dict[str, Any]]:
        """Earlier configurations, oldest first."""
        return self._studies.revisions(name)

    def set_state(self, name: str, state: StudyState) -> None:
        """Say that the study goes on, was stopped, or is finished."""
        self._studies.set_state(name, state)

    def delete(self, name: str) -> None:
        """Remove the study and all that belongs to it."""
        self._studies.delete(name)

    def together(self, study: str) -> AbstractContextManager[None]:
        """Make the changes of several methods one transaction."""
        return self._database.together(self._studies.key(study))

    def add_trials(
        self,
        study: str,
        driver: str,
        propose: Callable[[int], Sequence[NewTrialRecord]],
        *,
        start_in: Callable[[int], str] | None = None,
        handle: Mapping[str, Any] | None = None,
    ) -> list[TrialRecord]:
        """Add the trials that *propose* returns."""
        key = self._studies.key(study)
        with self._database.adding(key):
            first = self._trials.next_number(key)
            proposed = propose(first)
            self._database.lock(key)
            state: TrialState = "waiting" if start_in is None else "running"
            return [
                self._trials.add(
                    key,
                    number,
                    trial,
                    state,
                    self._runs.add(key, number, trial.runs, driver, start_in and start_in(number), handle),
                )
                for number, trial in enumerate(proposed, first)
            ]

    def start_run(
        self,
        study: str,
        trial: int,
        place: int,
        *,
        driver: str,
        directory: str,
        until: float | None,
        handle: Mapping[str, Any] | None = None,
    ) -> RunRecord | None:
        """Take a run for *driver*."""
        key = self._studies.key(study)
        with self._database.writing(key):
            state = self._trials.state(key, trial)
            if state in ENDED:
                return None
            run = self._runs.start(key, trial, place, driver=driver, directory=directory, handle=handle)
            if run is not None:
                self._trials.run(key, trial, until)
            return run

    def report(
        self,
        study: str,
        trial: int,
        place: int,
        *,
        step: float,
        values: Sequence[float],
        metrics: Mapping[str, float],
        attempt: int | None = None,
    ) -> bool:
        """Add a report."""
        key = self._studies.key(study)
        with self._database.writing(key):
            return self._runs.report(
                key, trial, place, step=step, values=values, metrics=metrics, attempt=attempt
            )

    def end_run(  # noqa: PLR0913 - everything that changes at once
        self,
        study: str,
        trial: int,
        place: int,
        state: RunState,
        *,
        values: Sequence[float] | None = None,
        error: str | None = None,
        report: NewReportRecord | None = None,
        attempt: int | None = None,
    ) -> bool:
        """Say how an attempt of a run ended."""
        key = self._studies.key(study)
        with self._database.writing(key):
            ended = self._runs.end(
                key, trial, place, state, values=values, error=error, report=report, attempt=attempt
            )
            if ended and state == "waiting":
                self._trials.rest(key, trial)
            return ended

    def set_trial(  # noqa: PLR0913 - everything that changes at once
        self,
        study: str,
        trial: int,
        state: str,
        *,
        values: Sequence[float] | None = None,
        reason: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        until: float | None = None,
        parent: int | None = None,
    ) -> None:
        """Change a trial."""
        key = self._studies.key(study)
        with self._database.writing(key):
            self._trials.change(
                key,
                trial,
                state,
                values=values,
                reason=reason,
                parameters=parameters,
                until=until,
                parent=parent,
            )

    def pause(self, study: str, trial: int, *, step: float, values: Sequence[float]) -> PauseRecord:
        """Let a trial rest."""
        key = self._studies.key(study)
        with self._database.writing(key):
            return self._trials.pause(key, trial, step=step, values=values)

    def trials(self, study: str, *, after: int = -1, with_runs: bool = True) -> Iterator[TrialRecord]:
        """Trials with numbers above *after*, in the order of their numbers."""
        key = self._studies.key(study)
        while page := self._page(key, after, with_runs=with_runs):
            yield from page
            after = page[-1].number

    def trial(self, study: str, number: int) -> TrialRecord:
        """One trial, with its runs."""
        key = self._studies.key(study)
        with self._database.reading():
            return self._with_runs(key, [self._trials.get(key, number)])[0]

    def ends(self, study: str, after: int = -1) -> list[TrialRecord]:
        """Trials that ended, in the order of their ends."""
        return self._trials.ends(self._studies.key(study), after)

    def pauses(self, study: str, after: int = -1) -> list[PauseRecord]:
        """Pauses in their order."""
        return self._trials.pauses(self._studies.key(study), after)

    def best(
        self,
        study: str,
        objective: int = 0,
        *,
        maximise: bool,
        limit: int,
        states: Sequence[str] = ("finished",),
    ) -> list[TrialRecord]:
        """The best trials by one objective, with their runs."""
        key = self._studies.key(study)
        with self._database.reading():
            if objective == 0:
                best = self._trials.best(key, maximise=maximise, limit=limit, states=states)
            else:
                sign = -1 if maximise else 1
                ranked = sorted(
                    (sign * values[objective], number) for number, values in self._trials.values(key, states)
                )
                best = [self._trials.get(key, number) for _, number in ranked[:limit]]
            return self._with_runs(key, best)

    def values(
        self, study: str, states: Sequence[str] = ("finished",)
    ) -> Iterator[tuple[int, tuple[float, ...]]]:
        """Number and values of trials, in the order of their numbers."""
        return self._trials.values(self._studies.key(study), states)

    def reports(self, study: str, after: int = -1) -> Iterator[ReportRecord]:
        """Reports after the position *after*, in their order."""
        return self._runs.reports(self._studies.key(study), after, _AT_ONCE)

    def counts(self, study: str) -> dict[str, int]:
        """How many trials are in each state."""
        return self._trials.counts(self._studies.key(study))

    def beat(self, study: str, driver: DriverRecord) -> None:
        """Say that a driver lives."""
        key = self._studies.key(study)
        with self._database.writing(key):
            self._drivers.beat(key, driver)

    def drivers(self, study: str) -> list[DriverRecord]:
        """Those who are registered."""
        return self._drivers.all(self._studies.key(study))

    def leave(self, study: str, driver: str) -> None:
        """A driver ends."""
        key = self._studies.key(study)
        with self._database.writing(key):
            self._hand_back(key, driver)

    def take_over(self, study: str, silent_for: float) -> list[RunRecord]:
        """Make the runs of silent drivers wait."""
        key = self._studies.key(study)
        with self._database.writing(key):
            return [
                run for name in self._drivers.silent(key, silent_for) for run in self._hand_back(key, name)
            ]

    def position(self, study: str) -> Any:
        """A value that changes whenever anything of the study does."""
        return self._database.position(self._studies.key(study))

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _hand_back(self, study: int, driver: str) -> list[RunRecord]:
        runs = self._drivers.remove(study, driver)
        for trial in {run.trial for run in runs}:
            self._trials.rest(study, trial)
        return runs

    def _page(self, study: int, after: int, *, with_runs: bool) -> list[TrialRecord]:
        with self._database.reading():
            rows = self._trials.rows(study, after, _AT_ONCE)
            if not rows:
                return []
            runs = self._runs.of_trials(study, rows[0][0], rows[-1][0]) if with_runs else {}
        return [trial_record(row, runs.get(row[0], ())) for row in rows]

    def _with_runs(self, study: int, trials: list[TrialRecord]) -> list[TrialRecord]:
        runs: dict[int, tuple[RunRecord, ...]] = {}
        for trial in trials:
            runs.update(self._runs.of_trials(study, trial.number, trial.number))
        return [attrs.evolve(trial, runs=runs.get(trial.number, ())) for trial in trials]
