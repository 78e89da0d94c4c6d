"""A study and its trials, as a follower reads them from the study's store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlkernel.records.redaction import Redactor
from mlkernel.records.status import State
from mlkernel.study.store.records import ReportRecord, RunRecord, StudyRecord, TrialRecord
from mlkernel.tracker.source import Position
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


class RecordList:
    """Records in memory, of which none is ever taken back."""

    def __init__(self) -> None:
        self._records: list[TrackedRecord] = []

    @property
    def is_empty(self) -> bool:
        """Whether there is none yet."""
        return not self._records

    def read(self, position: Position, limit: int) -> tuple[list[TrackedRecord], Position]:
        """Those after *position*."""
        found = self._records[position.records : position.records + limit]
        return found, Position(records=position.records + len(found))

    def holds(self, position: Position) -> bool:
        """Whether there are so many."""
        return position.records <= len(self._records)

    def behind(self, records: int) -> Position | None:
        """After the first *records*."""
        return Position(records=records) if records <= len(self._records) else None


class StudySource(RecordList):
    """The study itself: one record for each trial that ended with values, and the best so far.

    :param record: as the store has it; replaced when that changes.
    :param alive: whether somebody drives it.
    """

    def __init__(self, path: Path, record: StudyRecord) -> None:
        super().__init__()
        self.record = record
        self.alive = True
        self._path = path
        self._best: dict[str, float] = {}

    @property
    def objectives(self) -> list[tuple[str, str]]:
        """Metric and mode of each."""
        return [(one["metric"], one["mode"]) for one in self.record.configuration["objectives"]]

    def add(self, trials: Sequence[TrialRecord]) -> None:
        """Add trials that ended."""
        for trial in trials:
            if trial.values is None:
                continue
            values = dict(zip((metric for metric, _ in self.objectives), trial.values, strict=False))
            for metric, mode in self.objectives:
                better = max if mode == "max" else min
                self._best[metric] = better(values[metric], self._best.get(metric, values[metric]))
            self._records.append(
                TrackedRecord(
                    number=len(self._records),
                    phase=None,
                    step=trial.number,
                    time=trial.ended or trial.created,
                    metrics={**values, **{f"best/{name}": value for name, value in self._best.items()}},
                )
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


class TrialSource(RecordList):
    """One run of a trial that is a function, a class or a script: what it reported.

    :param study: that it belongs to.
    :param study_key: by which trackers know the study.
    """

    def __init__(self, path: Path, study: StudySource, study_key: str) -> None:
        super().__init__()
        self._path, self._study, self._study_key = path, study, study_key
        self._trial: TrialRecord | None = None
        self._run: RunRecord | None = None

    def update(self, trial: TrialRecord, run: RunRecord) -> None:
        """Take over how it stands."""
        self._trial, self._run = trial, run

    def add(self, report: ReportRecord) -> None:
        """Add a report."""
        names = [metric for metric, _ in self._study.objectives]
        self._records.append(
            TrackedRecord(
                number=len(self._records),
                phase=None,
                step=report.step,
                time=report.time,
                metrics={**dict(zip(names, report.values, strict=False)), **report.metrics},
            )
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
