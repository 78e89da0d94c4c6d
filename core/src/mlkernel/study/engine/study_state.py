"""What a driver knows of its study: all that proposals and decisions depend on, rebuilt from the store alone."""

from __future__ import annotations

from collections.abc import Iterable

from mlkernel.study.curves import ENDED, Curve, Curves, Report
from mlkernel.study.engine.live_trial import LiveRun, LiveTrial
from mlkernel.study.engine.trial_value import RunValue, Values, trial_value
from mlkernel.study.history import History, Observation, PendingTrial
from mlkernel.study.search_problem import SearchProblem
from mlkernel.study.store.records import PauseRecord, ReportRecord, RunRecord, TrialRecord
from mlkernel.study.store.study_store import StudyStore
from mlkernel.study.study_config import StudyConfig
from mlkernel.study.worker.messages import NEVER_REPORTED

SCATTERED = 50
"""Where only one of so many trials has not ended, each is read by itself: a page of records costs less for each."""


class StudyState:
    """The trials of a study in memory.

    :param known: observations from earlier studies, before all others.
    """

    def __init__(
        self, config: StudyConfig, problem: SearchProblem, known: Iterable[Observation] = ()
    ) -> None:
        self.config, self.problem = config, problem
        self.history = History(known)
        self.curves = Curves()
        self.live: dict[int, LiveTrial] = {}
        self.best: TrialRecord | None = None
        """The successful trial that is best in the first objective."""
        self.ended = self.failed = self.silent = 0
        """How many trials have ended, failed, and failed because they never reported what they are compared by."""
        self._newest_trial = self._newest_event = self._newest_report = -1
        self._pauses: dict[int, PauseRecord] = {}
        """The newest one of each trial that has not ended."""

    def reconfigure(self, config: StudyConfig, problem: SearchProblem) -> None:
        """Go on with another configuration; what is known stays."""
        self.config, self.problem = config, problem
        self.curves.closed = False

    @property
    def trial_count(self) -> int:
        """How many trials there are."""
        return len(self.curves)

    def read(self, store: StudyStore, study: str) -> None:
        """Take over what the store has more: everything at first, later what other drivers wrote."""
        for trial in store.trials(study, after=self._newest_trial):
            self.add(trial)
        for report in store.reports(study, after=self._newest_report):
            self._newest_report = report.position
            self._take(report)
        events: list[PauseRecord | TrialRecord] = [
            *store.pauses(study, self._newest_event),
            *store.ends(study, self._newest_event),
        ]
        for event in sorted(events, key=_place):
            if isinstance(event, PauseRecord):
                self._take_pause(event)
            else:
                self.end(event)
            self._newest_event = _place(event)

    def read_states(self, store: StudyStore, study: str) -> None:
        """Take over how trials stand that other drivers may have changed."""
        for record in self._live_records(store, study):
            trial = self.live.get(record.number)
            if trial is not None:
                self.take_states(trial, record)

    def _live_records(self, store: StudyStore, study: str) -> Iterable[TrialRecord]:
        """The records of the trials that have not ended, perhaps with others between them."""
        first = min(self.live, default=self._newest_trial)
        if self._newest_trial - first > SCATTERED * len(self.live):
            return [store.trial(study, number) for number in self.live]
        return store.trials(study, after=first - 1)

    def take_states(self, trial: LiveTrial, record: TrialRecord) -> None:
        """The same for one trial; a run that a worker of this driver trains may turn out to be lost."""
        self.change(trial, record)
        for run, now in zip(trial.runs, record.runs, strict=True):
            if run.is_here:
                run.is_lost = (now.state, now.attempt) != ("running", run.attempt)
            else:
                run.state, run.attempt, run.failures = now.state, now.attempt, now.failures
                run.result = now.values

    def add(self, record: TrialRecord) -> LiveTrial:
        """Add a trial."""
        trial = LiveTrial(record.number, record.parameters, record.until, record.source)
        trial.runs = [self._run(trial, run) for run in record.runs]
        trial.ending = next((run.error for run in record.runs if run.state == "failed"), None)
        self.live[record.number] = trial
        self.curves.add(
            Curve(record.number, record.parameters, record.state, until=record.until, parent=record.parent)
        )
        self._newest_trial = record.number
        return trial

    def _run(self, trial: LiveTrial, record: RunRecord) -> LiveRun:
        return LiveRun(
            trial,
            record.place,
            record.seed,
            record.fold,
            RunValue(self.problem.objectives),
            state=record.state,
            attempt=record.attempt,
            failures=record.failures,
            handle_key=(record.handle or {}).get("key"),
            result=record.values,
        )

    def change(self, trial: LiveTrial, record: TrialRecord) -> None:
        """Take over what was changed of a trial."""
        trial.parameters, trial.until, trial.source = record.parameters, record.until, record.source
        curve = self.curves[trial.number]
        curve.parameters, curve.until, curve.parent = record.parameters, record.until, record.parent
        curve.state = record.state

    def take(self, run: LiveRun, step: float, values: Values) -> None:
        """Add a report of a run: to its value, and to the curve of its trial."""
        run.step = step
        run.value.take(values)
        trial = run.trial
        value = trial_value(
            trial.reported(run, step, values), self.problem.objectives, self.config.aggregate
        )[0]
        loss = value if self.problem.objectives[0].mode == "min" else -value
        self.curves.append(Report(trial.number, step, loss))

    def pause(self, pause: PauseRecord) -> None:
        """Let a trial rest; what it was worth so far joins the history."""
        self.curves[pause.trial].state = "paused"
        self.live[pause.trial].source = None
        self._observe_pause(pause)

    def _take_pause(self, pause: PauseRecord) -> None:
        known = self._pauses.get(pause.trial)
        is_known = known is not None and known.sequence >= pause.sequence
        # What is known, or has ended, was this driver's.
        if pause.trial in self.live and not is_known:
            self._observe_pause(pause)

    def _observe_pause(self, pause: PauseRecord) -> None:
        self._pauses[pause.trial] = pause
        self.history.append(
            Observation(
                number=pause.trial, parameters=pause.parameters, values=pause.values, budget=pause.step
            )
        )

    def _take(self, report: ReportRecord) -> None:
        trial = self.live.get(report.trial)
        if trial is None:
            return  # it ended before this was read
        run = trial.runs[report.place]
        if run.step is None or report.step > run.step:  # else it was this driver that heard it
            run.metrics = report.metrics
            self.take(run, report.step, report.values)

    def end(self, record: TrialRecord) -> None:
        """Move a trial that ended into the history."""
        trial = self.live.pop(record.number, None)
        if trial is None:
            return  # it was this driver that ended it
        self.change(trial, record)
        self._pauses.pop(record.number, None)
        self.ended += 1
        self.failed += record.state == "failed"
        self.silent += is_silent(record)
        observation = Observation(
            number=record.number,
            parameters=record.parameters,
            values=record.values,
            budget=self._budget(record),
        )
        self.history.append(observation)
        losses = self.problem.losses(observation)
        if losses is not None and (self.best is None or self._rank(record) < self._rank(self.best)):
            self.best = record

    def _rank(self, record: TrialRecord) -> tuple[bool, float]:
        """Trials that were stopped had less effort than the others, and come after them."""
        assert record.values is not None, "the best trial is one with values"
        is_min = self.problem.objectives[0].mode == "min"
        return record.state != "finished", record.values[0] if is_min else -record.values[0]

    def _budget(self, record: TrialRecord) -> float | None:
        """How far a trial was trained that the scheduler ended; ``None`` for one that was trained to its end."""
        points = self.curves[record.number].points
        if record.state != "stopped" or not points:
            return None
        step = points[-1].step
        return step if self.problem.max_step is None or step < self.problem.max_step else None

    def pending(self) -> list[PendingTrial]:
        """The trials of which the history knows nothing yet, in the order of their numbers."""
        return [
            PendingTrial(number=trial.number, parameters=trial.parameters)
            for trial in self.live.values()
            if trial.number not in self._pauses
        ]

    def waiting_runs(self) -> list[LiveRun]:
        """Runs that nobody has started, or that were handed back or promoted, the oldest first."""
        waiting = [
            run
            for trial in self.live.values()
            if self.curves[trial.number].state not in ENDED
            for run in trial.runs
            if run.state == "waiting" or self.is_promoted(run)
        ]
        for run in waiting:
            pause = self._pauses.get(run.trial.number)
            has_begun = pause is None or (run.step or 0.0) > pause.step
            run.source = None if has_begun else run.trial.source
        return waiting

    def is_promoted(self, run: LiveRun) -> bool:
        """Whether a run that rests was assigned again, and had not begun when its driver died."""
        trial = run.trial
        is_short = trial.until is None or (run.step or 0.0) < trial.until
        return run.state == "paused" and is_short and self.curves[trial.number].state != "paused"


def is_silent(record: TrialRecord) -> bool:
    """Whether a trial failed because it never reported what it is compared by."""
    return record.state == "failed" and (record.reason or "").startswith(NEVER_REPORTED)


def _place(event: PauseRecord | TrialRecord) -> int:
    """In the order of pauses and ends."""
    assert event.sequence is not None, "what paused or ended has its place"
    return event.sequence
