"""A study and its trials, as a follower reads them from the study's store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from mlkernel.records.redaction import Redactor
from mlkernel.records.status import State
from mlkernel.study.store.records import ReportRecord, RunRecord, StudyRecord, TrialRecord
from mlkernel.tracker.record_window import RecordWindow, Shelf
from mlkernel.tracker.tracked_run import flat_parameters
from mlkernel.tracker.tracker import Plain, RunFacts, TrackedRecord, TrackedRun

STATES: Mapping[str, State] = {
    "waiting": "pending",
    "running": "running",
    "paused": "stopped",
    "stopped": "stopped",
    "finished": "finished",
    "failed": "failed",
}


class StudySource(RecordWindow):
    """The study itself: one record for each trial that ended with values, and the best so far.

    :param record: as the store has it; replaced when that changes.
    :param ended: gives the trials that have ended, in their order.
    :param alive: whether somebody drives it.
    """

    def __init__(
        self, path: Path, record: StudyRecord, shelf: Shelf, ended: Callable[[], Iterable[TrialRecord]]
    ) -> None:
        super().__init__(shelf)
        self.record = record
        self.alive = True
        self._path, self._ended = path, ended
        self._best: dict[str, float] = {}

    @property
    def objectives(self) -> list[tuple[str, str]]:
        """Metric and mode of each."""
        return [(one["metric"], one["mode"]) for one in self.record.configuration["objectives"]]

    def add(self, trials: Iterable[TrialRecord]) -> None:
        """Add trials that ended."""
        for record in self._records(trials, self._best, self.count):
            self.append(record)

    def again(self, start: int) -> Iterator[TrackedRecord]:
        """From the store: the best so far depends on all trials."""
        return islice(self._records(self._ended(), {}, 0), start, None)

    def _records(
        self, trials: Iterable[TrialRecord], best: dict[str, float], first: int
    ) -> Iterator[TrackedRecord]:
        """Records from the number *first* on; *best* is kept up to date."""
        valued = (trial for trial in trials if trial.values is not None)
        for number, trial in enumerate(valued, first):
            values = dict(zip((metric for metric, _ in self.objectives), trial.values or (), strict=False))
            for metric, mode in self.objectives:
                better = max if mode == "max" else min
                best[metric] = better(values[metric], best.get(metric, values[metric]))
            yield TrackedRecord(
                number=number,
                phase=None,
                step=trial.number,
                time=trial.ended or trial.created,
                metrics={**values, **{f"best/{name}": value for name, value in best.items()}},
            )

    def introduce(self, key: str) -> TrackedRun:
        """Tell what it is asked to do."""
        return TrackedRun(
            key=key,
            name=self.record.name,
            directory=self._path,
            created=self.record.created,
            parameters=_parameters(self.record.configuration),
            tags={"kind": "study", "trainer": str(self.record.configuration["trainer"])},
        )

    def facts(self) -> RunFacts:
        """Tell how it stands."""
        state: State = self.record.state
        if state == "running" and not self.alive:
            state = "stopped"
        return RunFacts(state=state, attempts=self.attempts(), results=dict(self._best))

    def attempts(self) -> int:
        """One, and one more for each change of its configuration."""
        return 1 + self.record.revision


class Extent(NamedTuple):
    """What is known of a run whose reports were sent."""

    attempt: int
    reports: int
    before: int
    """A position of the study that is before the first of them."""


class TrialSource(RecordWindow):
    """One run of a trial that is a function, a class or a script: what it reported.

    :param place: number of the trial, and place of the run in it.
    :param study: that it belongs to.
    :param study_key: by which trackers know the study.
    :param reports: gives those of the whole study after a position.
    :param extent: of what was seen of it before.
    """

    def __init__(
        self,
        path: Path,
        place: tuple[int, int],
        study: StudySource,
        study_key: str,
        shelf: Shelf,
        reports: Callable[[int], Iterable[ReportRecord]],
        extent: Extent | None = None,
    ) -> None:
        super().__init__(shelf)
        self._path, self._place, self._study, self._study_key = path, place, study, study_key
        self._reports = reports
        self._trial: TrialRecord | None = None
        self._run: RunRecord | None = None
        self.count, self._before = (0, -1) if extent is None else (extent.reports, extent.before)
        self._reread = (0, -1)
        """How many were read again, and the position of the last of them."""

    def update(self, trial: TrialRecord, run: RunRecord) -> None:
        """Take over how it stands."""
        self._trial, self._run = trial, run

    @property
    def extent(self) -> Extent:
        """What is to be remembered of it when it is let go of."""
        return Extent(self.attempts(), self.count, self._before)

    def add(self, report: ReportRecord) -> None:
        """Add a report."""
        if self.is_empty:
            self._before = report.position - 1
        self.append(self._record(self.count, report))

    def again(self, start: int) -> Iterator[TrackedRecord]:
        """From the store, on from where that was left if nothing before is wanted."""
        number, position = self._reread
        if number > start or number == 0:
            number, position = 0, self._before
        for report in self._reports(position):
            if (report.trial, report.place) == self._place:
                number += 1
                self._reread = number, report.position
                if number > start:
                    yield self._record(number - 1, report)

    def _record(self, number: int, report: ReportRecord) -> TrackedRecord:
        names = [metric for metric, _ in self._study.objectives]
        return TrackedRecord(
            number=number,
            phase=None,
            step=report.step,
            time=report.time,
            metrics={**dict(zip(names, report.values, strict=False)), **report.metrics},
        )

    def introduce(self, key: str) -> TrackedRun:
        """Tell its point and its place."""
        trial, run = self._known()
        return TrackedRun(
            key=key,
            name=self._path.name,
            directory=self._path,
            group=self._study.record.name,
            group_key=self._study_key,
            created=trial.created,
            parameters=_parameters(trial.parameters),
            tags=trial_tags(trial, run),
        )

    def facts(self) -> RunFacts:
        """Tell how it stands."""
        _, run = self._known()
        names = [metric for metric, _ in self._study.objectives]
        return RunFacts(
            state=STATES[run.state],
            reason=None if run.error is None else Redactor().text(run.error),
            attempts=run.attempt,
            results={} if run.values is None else dict(zip(names, run.values, strict=False)),
        )

    def attempts(self) -> int:
        """How often it was started."""
        return self._known()[1].attempt

    def _known(self) -> tuple[TrialRecord, RunRecord]:
        assert self._trial is not None, "a source is updated before it is delivered"
        assert self._run is not None, "as its trial is"
        return self._trial, self._run


def trial_tags(trial: TrialRecord, run: RunRecord) -> dict[str, str]:
    """What tells a run from the others of its study."""
    fold = {} if run.fold is None else {"fold": str(run.fold)}
    return {"trial": str(trial.number), "seed": str(run.seed), **fold}


def _parameters(tree: Mapping[str, Any]) -> dict[str, Plain]:
    return flat_parameters(Redactor().value(tree))
