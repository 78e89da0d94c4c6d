"""A study that is followed: itself, and each run of its trials."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager

from mlkernel.records.run_directory import RunDirectory
from mlkernel.study.store.records import RunRecord, TrialRecord
from mlkernel.study.study_directory import StudyDirectory
from mlkernel.tracker.delivery import Delivery
from mlkernel.tracker.run_work import Starter
from mlkernel.tracker.source import RunSource
from mlkernel.tracker.study_source import StudySource, TrialSource, trial_tags
from mlkernel.tracker.tracking_file import TrackingFile

SILENT_SECONDS = 60.0
"""A driver that was not heard of for so long is dead."""
_REST = ("stopped", "finished", "failed")

Place = tuple[int, int]
"""Number of a trial and place of a run in it."""


class StudyWork:
    """A study's directory and one of its trackers.

    :param watch: entered around each call of the tracker.
    """

    def __init__(self, file: TrackingFile, starter: Starter, watch: AbstractContextManager[object]) -> None:
        self._file, self._starter, self._watch = file, starter, watch
        self._study = StudyDirectory(file.directory)
        self._store = self._study.open()
        self._source = StudySource(file.directory, self._store.study(self._study.name))
        self._delivery = Delivery(self._source, file, watch)
        self._reports: dict[Place, TrialSource] = {}
        self._runs: dict[Place, Delivery] = {}
        """Those that may have something to be sent."""
        self._unclear: set[int] = set()
        """Trials with a run that has said nothing yet: whether it keeps its metrics in a run directory will show."""
        self._thread = threading.get_ident()
        self._may_end = False
        self._seen = object()
        self._newest_trial = self._newest_end = self._newest_report = -1

    def step(self) -> bool:
        """Send what is new of the study, and then of its runs; one that fails does not hold up the others."""
        may_end = self.may_end()
        position = self._store.position(self._study.name)
        if position != self._seen:
            self._look()
            self._seen = position
        self._source.alive = not may_end
        self._delivery.step()
        errors = [error for place in list(self._runs) if (error := self._send(place)) is not None]
        if errors:
            raise errors[0]
        return may_end

    def may_end(self) -> bool:
        """Nobody drives it, and nobody is about to; what was so at the last step, where another thread asks.

        The store belongs to one thread, and the watchdog asks while that one hangs in a call of the tracker.
        """
        if threading.get_ident() == self._thread:
            now = time.time()
            drivers = self._store.drivers(self._study.name)
            is_driven = any(now - one.heartbeat < SILENT_SECONDS for one in drivers)
            self._may_end = not is_driven and not self._starter.lives
        return self._may_end

    def close(self) -> None:
        """Let go of trackers and of the store."""
        for delivery in [*self._runs.values(), self._delivery]:
            delivery.close()
        self._store.close()

    def _look(self) -> None:
        """See what has changed in the store."""
        name = self._study.name
        self._source.record = self._store.study(name)
        touched = {trial for trial, _ in self._runs} | self._unclear
        self._unclear.clear()
        for report in self._store.reports(name, self._newest_report):
            self._newest_report = report.position
            touched.add(report.trial)
            self._report_source((report.trial, report.place)).add(report)
        ended = self._store.ends(name, self._newest_end)
        self._source.add(ended)
        if ended:
            self._newest_end = max(trial.sequence or 0 for trial in ended)
        touched |= {trial.number for trial in ended}
        known = self._newest_trial
        for trial in self._store.trials(name, after=known):
            self._newest_trial = trial.number
            self._update(trial)
        self._update_all(number for number in touched if number <= known)

    def _update_all(self, numbers: Iterable[int]) -> None:
        for number in sorted(numbers):
            self._update(self._store.trial(self._study.name, number))

    def _update(self, trial: TrialRecord) -> None:
        for run in trial.runs:
            if run.attempt == 0:
                continue
            place = (trial.number, run.place)
            source = self._report_source(place)
            source.update(trial, run)
            has_plan = RunDirectory(self._study.run(*place)).plan.exists()
            if not has_plan and source.facts().state == "running" and source.is_empty:
                self._unclear.add(trial.number)
            elif place not in self._runs:
                self._runs[place] = self._deliver(trial, run, has_plan=has_plan)

    def _report_source(self, place: Place) -> TrialSource:
        if place not in self._reports:
            path = self._study.run(*place)
            self._reports[place] = TrialSource(path, self._source, self._delivery.key)
        return self._reports[place]

    def _deliver(self, trial: TrialRecord, run: RunRecord, *, has_plan: bool) -> Delivery:
        path = self._study.run(trial.number, run.place)
        file = TrackingFile(path, self._file.path.stem)
        file.begin(self._delivery.tracking.tracker)
        if not has_plan:
            return Delivery(self._report_source((trial.number, run.place)), file, self._watch)
        source = RunSource(
            path, group=self._study.name, group_key=self._delivery.key, tags=trial_tags(trial, run)
        )
        return Delivery(source, file, self._watch)

    def _send(self, place: Place) -> Exception | None:
        try:
            facts = self._runs[place].step()
        except Exception as error:  # noqa: BLE001 - told when the others were sent
            return error
        if facts.state in _REST:
            del self._runs[place]
        return None
