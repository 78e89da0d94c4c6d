"""The contract of stores: every method is one transaction, on disk when it returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen

from mlkernel.study.store.records import (
    DriverRecord,
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


class StudyStore(Protocol):
    """The studies of one file or database. Safe for several processes; one object belongs to one thread.

    Times are those of the store's own clock.
    """

    def studies(self) -> list[StudyRecord]:
        """All studies, oldest first."""

    def create(self, name: str, configuration: Mapping[str, Any]) -> StudyRecord:
        """Add a study.

        :raises UsageError: there is one of this name.
        """

    def study(self, name: str) -> StudyRecord:
        """One study.

        :raises UsageError: there is none; names similar ones.
        """

    def revise(self, name: str, configuration: Mapping[str, Any]) -> StudyRecord:
        """Change its configuration; what it was is kept as an earlier revision."""

    def set_state(self, name: str, state: StudyState) -> None:
        """Say that the study goes on, was stopped, or is finished."""

    def delete(self, name: str) -> None:
        """Remove the study and all that belongs to it."""

    def add_trials(
        self, study: str, driver: str, propose: Callable[[int], Sequence[NewTrialRecord]]
    ) -> list[TrialRecord]:
        """Add the trials that *propose* returns, numbered from its argument on.

        No other process adds trials to the study meanwhile, so that *propose* may read what is there, through this very
        object. Nothing is added if it raises.
        """

    def start_run(
        self, study: str, trial: int, place: int, *, driver: str, directory: str, until: float | None
    ) -> RunRecord | None:
        """Take a run that waits or is paused, for *driver*: one attempt more. ``None`` if somebody else has it."""

    def set_handle(self, study: str, trial: int, place: int, handle: Mapping[str, Any]) -> None:
        """Remember the launcher's handle of a run."""

    def report(
        self, study: str, trial: int, place: int, *, step: float, values: Sequence[float],
        metrics: Mapping[str, float],
    ) -> bool:
        """Add a report. ``False``, and nothing is added, if the run already reported at this step or a later one."""

    def end_run(
        self, study: str, trial: int, place: int, state: RunState, *,
        values: Sequence[float] | None = None, error: str | None = None,
    ) -> None:
        """Say how an attempt of a run ended; ``waiting`` hands it to whoever comes next."""

    def set_trial(
        self, study: str, trial: int, state: str, *, values: Sequence[float] | None = None,
        reason: str | None = None, parameters: Mapping[str, Any] | None = None,
        until: float | None = None, parent: int | None = None,
    ) -> TrialRecord:
        """Change a trial; the first end gives it its place in the order of ends. What is ``None`` stays as it is."""

    def trials(self, study: str, *, after: int = -1, with_runs: bool = True) -> Iterator[TrialRecord]:
        """Trials with numbers above *after*, in the order of their numbers."""

    def ends(self, study: str, after: int = -1) -> list[TrialRecord]:
        """Trials that ended, in the order of their ends, those after the place *after*."""

    def reports(self, study: str, after: int = -1) -> Iterator[ReportRecord]:
        """Reports after the position *after*, in their order."""

    def counts(self, study: str) -> dict[str, int]:
        """How many trials are in each state; takes no longer for many trials than for few."""

    def beat(self, study: str, driver: DriverRecord) -> None:
        """Say that a driver lives."""

    def drivers(self, study: str) -> list[DriverRecord]:
        """Those who are registered."""

    def leave(self, study: str, driver: str) -> None:
        """A driver ends; runs that it still has wait for others."""

    def take_over(self, study: str, silent_for: float) -> list[RunRecord]:
        """Runs of drivers that did not beat for *silent_for* seconds: they wait now, and those drivers are gone."""

    def position(self, study: str) -> Any:
        """A value that changes whenever anything of the study does; cheap to ask for."""

    def close(self) -> None:
        """Close the connection."""
