"""The contract of stores: every method is one transaction, on disk when it returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from attrs import frozen

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


@frozen(kw_only=True)
class NewTrialRecord:
    """A trial that is to be added."""

    parameters: Mapping[str, Any]
    runs: tuple[tuple[int, int | None], ...]
    """Seed and fold of each of its runs."""
    until: float | None = None


@frozen(kw_only=True)
class NewReportRecord:
    """A report that is added with the end of its run."""

    step: float
    values: tuple[float, ...]
    """One for each objective."""
    metrics: Mapping[str, float]
    """Whatever else was measured there."""


class StudyStore(Protocol):
    """The studies of one file or database. Safe for several processes; one object belongs to one thread.

    Times are those of the store's own clock. Methods that are given a study, trial or run that does not exist raise
    :class:`~mlkernel.errors.UsageError`; all raise :class:`~mlkernel.errors.StorageError` where the disk is full or the
    database is damaged, locked or out of reach, and have changed nothing then; after
    :class:`~mlkernel.study.store.database.ConnectionLostError`, which is one, the store tells what it has kept.
    """

    @property
    def name(self) -> str:
        """The file, or the URL without its password, for messages."""

    def studies(self) -> list[StudyRecord]:
        """All studies, oldest first."""

    def create(self, name: str, configuration: Mapping[str, Any]) -> StudyRecord:
        """Add a study.

        :raises UsageError: there is one of this name.
        """

    def restore(
        self,
        study: StudyRecord,
        revisions: Sequence[Mapping[str, Any]],
        trials: Iterable[TrialRecord],
        reports: Iterable[ReportRecord],
        pauses: Iterable[PauseRecord] = (),
    ) -> StudyRecord:
        """Add a study with all that belongs to it, as it was in another store; what ran there waits here.

        :raises UsageError: there is one of this name.
        """

    def study(self, name: str) -> StudyRecord:
        """One study.

        :raises UsageError: there is none; names similar ones.
        """

    def revise(self, name: str, configuration: Mapping[str, Any]) -> StudyRecord:
        """Change its configuration; what it was is kept as an earlier revision."""

    def revisions(self, name: str) -> list[dict[str, Any]]:
        """Its earlier configurations, oldest first."""

    def set_state(self, name: str, state: StudyState) -> None:
        """Say that the study goes on, was stopped, or is finished."""

    def delete(self, name: str) -> None:
        """Remove the study and all that belongs to it."""

    def together(self, study: str) -> AbstractContextManager[None]:
        """Make what the methods called inside change one transaction, which costs a fraction of several.

        An exception that leaves it undoes all of them; those of the methods must not be caught inside.
        """

    def add_trials(
        self,
        study: str,
        driver: str,
        propose: Callable[[int], Sequence[NewTrialRecord]],
        *,
        start_in: Callable[[int], str] | None = None,
        handle: Mapping[str, Any] | None = None,
    ) -> list[TrialRecord]:
        """Add the trials that *propose* returns, numbered from its argument on.

        :param start_in: from the number of a trial to the directory of its first run, which *driver* takes at once;
            unless given, all runs wait.
        :param handle: the launcher's, of the job that trains what is taken so.

        No other process adds trials to the study meanwhile, so that *propose* may read what is there, through this very
        object. Nothing is added if it raises.
        """

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
        """Take a run that waits or is paused, for *driver*: one attempt more, with a new *handle* or none yet.

        Its trial is running then, and assigned until *until*. ``None`` if somebody else has the run, or the run or its
        trial has ended.
        """

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
        """Add a report. ``False``, and nothing is added, if the run already reported at this step or a later one.

        :param attempt: which one reports; an earlier one than that which runs adds nothing either.
        """

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
        """Say how an attempt of a run ended; ``waiting`` hands it to whoever comes next.

        An attempt that is handed on with an *error* counts as one of the run's failures.

        :param report: the attempt's last one, at a step after all others of the run.
        :param attempt: which one; ``False`` is returned, and nothing changes, if there has been another since.
        """

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
        """Change a trial; the first end gives it its place in the order of ends. What is ``None`` stays as it is."""

    def pause(self, study: str, trial: int, *, step: float, values: Sequence[float]) -> PauseRecord:
        """Let a trial rest; what it is worth at *step*, aggregated over its runs, has its place in the history."""

    def trials(self, study: str, *, after: int = -1, with_runs: bool = True) -> Iterator[TrialRecord]:
        """Trials with numbers above *after*, in the order of their numbers; each as it is when it is reached."""

    def trial(self, study: str, number: int) -> TrialRecord:
        """One trial, with its runs."""

    def ends(self, study: str, after: int = -1) -> list[TrialRecord]:
        """Trials that ended, in the order of their ends, those after the place *after*; without their runs."""

    def pauses(self, study: str, after: int = -1) -> list[PauseRecord]:
        """Pauses of trials after the place *after* in the order of pauses and ends."""

    def best(
        self,
        study: str,
        objective: int = 0,
        *,
        maximise: bool,
        limit: int,
        states: Sequence[str] = ("finished",),
    ) -> list[TrialRecord]:
        """Trials in one of *states* that have values, with their runs: the best come first, ties by their numbers.

        For the first objective, it takes no longer for many trials than for few.
        """

    def values(
        self, study: str, states: Sequence[str] = ("finished",)
    ) -> Iterator[tuple[int, tuple[float, ...]]]:
        """Number and values of the trials in one of *states* that have values, in the order of their numbers."""

    def reports(self, study: str, after: int = -1) -> Iterator[ReportRecord]:
        """Reports after the position *after*, in their order."""

    def counts(self, study: str) -> dict[str, int]:
        """How many trials are in each state that has any. It takes 50 ms for 100,000 trials."""

    def beat(self, study: str, driver: DriverRecord) -> None:
        """Say that a driver lives."""

    def drivers(self, study: str) -> list[DriverRecord]:
        """Those who are registered."""

    def leave(self, study: str, driver: str) -> None:
        """A driver ends; runs that it still has wait for others."""

    def take_over(self, study: str, silent_for: float) -> list[RunRecord]:
        """Runs of drivers that did not beat for *silent_for* seconds: they wait now, and those drivers are gone.

        The records hold the handles that the launcher gave.
        """

    def position(self, study: str) -> Any:
        """A value that changes whenever anything of the study does; cheap to ask for, and only comparable to others
        that this object returned.
        """

    def close(self) -> None:
        """Close the connection."""
