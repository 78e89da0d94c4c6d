"""A study that is followed: itself, and each run of its trials."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from itertools import islice

from mlkernel.errors import StorageError
from mlkernel.records.run_directory import RunDirectory
from mlkernel.study.store.records import SILENT_SECONDS, RunRecord, TrialRecord
from mlkernel.study.study_directory import StudyDirectory
from mlkernel.tracker.delivery import Delivery
from mlkernel.tracker.record_window import Shelf
from mlkernel.tracker.run_work import Starter
from mlkernel.tracker.source import RunSource
from mlkernel.tracker.study_source import STATES, Extent, StudySource, TrialSource, trial_tags
from mlkernel.tracker.tracking_file import TrackingFile

HELD = 20_000
"""Records that are in memory at once; the others are read again when it is their turn."""
TRIALS_AT_ONCE = 1000
"""New trials that are taken up before what is known of them is sent."""
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
        name = self._study.name
        self._shelf = Shelf(HELD)
        self._source = StudySource(
            file.directory, self._store.study(name), self._shelf, lambda: self._store.ends(name)
        )
        self._delivery = Delivery(self._source, file, watch)
        self._reports: dict[Place, TrialSource] = {}
        """Of those that go on, or have not been sent."""
        self._sent: dict[Place, Extent] = {}
        """Of those whose source was let go of."""
        self._runs: dict[Place, Delivery] = {}
        """Those that may have something to be sent."""
        self._awaited: set[Place] = set()
        """Those that had not begun when they were seen."""
        self._unclear: set[Place] = set()
        """Those that have said nothing yet: whether one keeps its metrics in a run directory will show."""
        self._thread = threading.get_ident()
        self._may_end = False
        self._seen = object()
        self._newest_trial = self._newest_end = self._newest_report = -1

    def step(self) -> bool:
        """Send what is new of the study, and then of its runs; one that fails does not hold up the others."""
        may_end = self._may_end = self._is_left()
        while not self._take_up(may_end=may_end):
            pass
        return may_end

    def _is_left(self) -> bool:
        now = time.time()
        drivers = self._store.drivers(self._study.name)
        is_driven = any(now - one.heartbeat < SILENT_SECONDS for one in drivers)
        return not is_driven and not self._starter.lives

    def _take_up(self, *, may_end: bool) -> bool:
        """Whether nothing that was there is left for later."""
        position = self._store.position(self._study.name)
        is_all = True
        if position != self._seen:
            is_all = self._look()
            self._seen = position if is_all else object()
        else:
            silent = self._awaited | self._unclear
            self._update_all({place[0] for place in silent if self._files(place).plan.exists()})
        self._source.alive = not may_end
        self._delivery.step()
        errors = [error for place in list(self._runs) if (error := self._send(place)) is not None]
        if errors:
            raise errors[0]
        return is_all

    def may_end(self) -> bool:
        """Nobody drives it, and nobody is about to; what was so at the last step, where another thread asks.

        The store belongs to one thread, and the watchdog asks while that one hangs in a call of the tracker. While the
        store is out of reach, it is the starter alone that tells.
        """
        if threading.get_ident() == self._thread:
            try:
                self._may_end = self._is_left()
            except StorageError:
                self._may_end = not self._starter.lives
        return self._may_end

    def close(self) -> None:
        """Let go of trackers and of the store."""
        for delivery in [*self._runs.values(), self._delivery]:
            delivery.close()
        self._store.close()

    def _look(self) -> bool:
        """See what has changed in the store; whether that is all."""
        name = self._study.name
        self._source.record = self._store.study(name)
        begun = {place for place in self._awaited if self._study.run(*place).exists()}
        touched = {trial for trial, _ in [*self._runs, *self._unclear, *begun]}
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
        new = list(islice(self._store.trials(name, after=known), TRIALS_AT_ONCE))
        for trial in new:
            self._newest_trial = trial.number
            self._update(trial)
        self._update_all(number for number in touched if number <= known)
        return len(new) < TRIALS_AT_ONCE

    def _update_all(self, numbers: Iterable[int]) -> None:
        for number in sorted(numbers):
            self._update(self._store.trial(self._study.name, number))

    def _update(self, trial: TrialRecord) -> None:
        for run in trial.runs:
            place = (trial.number, run.place)
            self._awaited.discard(place)
            self._unclear.discard(place)
            if run.attempt == 0 and trial.state not in _REST:
                self._awaited.add(place)
            if run.attempt == 0 or self._was_sent(place, run):
                continue
            source = self._report_source(place)
            source.update(trial, run)
            has_plan = self._files(place).plan.exists()
            if not has_plan and source.facts().state == "running" and source.is_empty:
                self._unclear.add(place)
            elif place not in self._runs:
                self._runs[place] = self._deliver(trial, run, has_plan=has_plan)

    def _files(self, place: Place) -> RunDirectory:
        return RunDirectory(self._study.run(*place))

    def _report_source(self, place: Place) -> TrialSource:
        if place not in self._reports:
            self._reports[place] = TrialSource(
                self._study.run(*place),
                place,
                self._source,
                self._delivery.key,
                self._shelf,
                lambda after: self._store.reports(self._study.name, after),
                self._sent.pop(place, None),
            )
        return self._reports[place]

    def _was_sent(self, place: Place, run: RunRecord) -> bool:
        """Whether nothing has happened since it was sent."""
        return place in self._sent and self._sent[place].attempt == run.attempt and STATES[run.state] in _REST

    def _deliver(self, trial: TrialRecord, run: RunRecord, *, has_plan: bool) -> Delivery:
        place = (trial.number, run.place)
        path = self._study.run(*place)
        file = TrackingFile(path, self._file.path.stem)
        file.begin(self._delivery.tracking.tracker)
        if not has_plan:
            return Delivery(self._report_source(place), file, self._watch)
        self._report_source(place).close()  # what the run logged itself is sent instead
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
            source = self._reports.pop(place)
            source.close()
            self._sent[place] = source.extent
        return None
