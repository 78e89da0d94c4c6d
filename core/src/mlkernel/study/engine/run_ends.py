"""What becomes of runs and their trials when an attempt ends."""

from __future__ import annotations

from mlkernel.study.curves import ENDED, TrialState
from mlkernel.study.engine.assignments import Assignments
from mlkernel.study.engine.live_trial import LiveRun, LiveTrial
from mlkernel.study.engine.study_context import StudyContext
from mlkernel.study.engine.study_state import is_silent
from mlkernel.study.engine.trial_value import trial_value
from mlkernel.study.store.records import RunState, TrialRecord
from mlkernel.study.worker.messages import NEVER_REPORTED, Ended

SILENT_TRIALS = 3
"""As many that report another metric than that of the study are no chance."""
UNDER_WAY = frozenset({"waiting", "running"})


class RunEnds:
    """Writes down how attempts ended: runs are tried again, rest or are over, and with the last one the trial ends."""

    def __init__(self, context: StudyContext, work: Assignments) -> None:
        self._store, self._study = context.store, context.study
        self._state, self._notices = context.state, context.notices
        self._work = work
        self.trouble: str | None = None
        """Why no trial would fare better, if so."""

    def heard(self, run: LiveRun, message: Ended) -> None:
        """A worker says that its run ended."""
        run.metrics = message.metrics or run.metrics
        if message.state == "failed":
            self.failed(run, message.error or "failed without a word", may_retry=message.retry)
        elif message.state == "paused":
            leaves = message.error is not None  # the worker, which takes nothing from the run
            if leaves:
                self.hand_back(run)
            elif run.ending is not None or run.trial.ending is not None:
                # A job hears of no decision; it went as far as it was ordered to.
                self._completed(run, "stopped")
            else:
                self._rested(run)
        else:
            self._completed(run, message.state)

    def settle_all(self) -> None:
        """End the trials whose last run ended in the last moment of an earlier driver."""
        for trial in list(self._state.live.values()):
            is_resting = self._state.curves[trial.number].state == "paused"
            goes_on = any(run.state in UNDER_WAY or self._state.is_promoted(run) for run in trial.runs)
            if not is_resting and not goes_on:
                self._settle(trial)

    def hand_back(self, run: LiveRun, error: str | None = None) -> None:
        """The run goes on with the next worker that is free; no attempt is held against it."""
        self._end_run(run, "waiting", error)
        self._work.waiting.appendleft(run)

    def failed(self, run: LiveRun, error: str, *, may_retry: bool) -> None:
        """An attempt failed, or its worker was lost."""
        if may_retry and run.failures < self._state.config.retries and run.trial.ending is None:
            run.failures += 1
            self._notices.retried(run, error)
            self.hand_back(run, error)
            return
        run.trial.ending = run.trial.ending or error
        with self._store.together(self._study):
            self._end_run(run, "failed", error)
            self._settle(run.trial)

    def _completed(self, run: LiveRun, state: RunState) -> None:
        run.result = run.value.value(self._state.config.result)
        if run.result is None:
            reported = ", ".join(sorted(run.metrics)) or "nothing"
            self.failed(run, f"{NEVER_REPORTED} {self._wanted}; it reported {reported}", may_retry=False)
            return
        with self._store.together(self._study):
            self._end_run(run, state)
            self._settle(run.trial)

    @property
    def _wanted(self) -> str:
        return " and ".join(repr(one.metric) for one in self._state.problem.objectives)

    def _look_at_silence(self, trial: LiveTrial) -> None:
        """See whether it goes with all trials as with this one, which did not report what it is compared by.

        Those of earlier drivers count; yet one of this driver's must have shown that nothing was mended meanwhile.
        """
        if self._state.silent < SILENT_TRIALS or self._state.curves.report_count:
            return
        others = ", ".join(sorted({name for run in trial.runs for name in run.metrics}))
        advice = (
            f"; they reported {others}: name one of these with --metric in a new study, or let the trainer report it"
            if others
            else ", nor anything else: let the trainer report it"
        )
        self.trouble = f"{self._state.silent} trials ended and none reported {self._wanted}{advice}"

    def _rested(self, run: LiveRun) -> None:
        with self._store.together(self._study):
            self._end_run(run, "paused")
            self._settle(run.trial)

    def _end_run(self, run: LiveRun, state: RunState, error: str | None = None) -> None:
        attempt = run.attempt if run.state == "running" else None
        run.state, run.is_here = state, False
        self._store.end_run(
            self._study,
            run.trial.number,
            run.place,
            state,
            values=run.result,
            error=error,
            report=run.last_report,
            attempt=attempt,
        )
        run.last_report = None

    def _settle(self, trial: LiveTrial) -> None:
        """End a trial, or let it rest, once none of its runs is under way."""
        if self._work.is_shared:  # others may have trained some of its runs
            record = self._store.trial(self._study, trial.number)
            self._state.take_states(trial, record)
            if record.state in ENDED:
                return
        if trial.ending is not None:
            # What has not begun is not begun any more.
            mine = [run for run in trial.runs if run.state == "waiting"]
            self._work.drop(mine)
            rest = [run for run in trial.runs if run.state == "running"]
        else:
            rest = [run for run in trial.runs if run.state in UNDER_WAY]
        if rest:
            return
        states = {run.state for run in trial.runs}
        if "failed" in states:
            self._end_trial(trial, "failed", trial.ending)
        elif trial.ending is None and "paused" in states:
            self._rest(trial)
        else:
            reason = trial.ending or next((run.ending for run in trial.runs if run.ending), None)
            self._end_trial(trial, "stopped" if "stopped" in states else "finished", reason)

    def _rest(self, trial: LiveTrial) -> None:
        """Let a trial wait for its scheduler; what it is worth so far is known to the search algorithm."""
        results = [run.result or run.value.value(self._state.config.result) for run in trial.runs]
        known = [values for values in results if values is not None]
        if not known:
            self._store.set_trial(self._study, trial.number, "paused")
            self._state.curves[trial.number].state = "paused"
            return
        values = trial_value(known, self._state.problem.objectives, self._state.config.aggregate)
        step = self._state.curves[trial.number].points[-1].step
        self._state.pause(self._store.pause(self._study, trial.number, step=step, values=values))

    def end_paused(self, reason: str) -> None:
        """End the trials that rest when the study is over; what they reported is their result."""
        for trial in list(self._state.live.values()):
            if any(run.state in UNDER_WAY for run in trial.runs):
                continue  # another driver has it
            with self._store.together(self._study):
                self._end_resting(trial, reason)

    def _end_resting(self, trial: LiveTrial, reason: str) -> None:
        for run in trial.runs:
            if run.state == "paused":
                run.result = run.value.value(self._state.config.result)
                self._end_run(run, "stopped" if run.result else "failed")
        if any(run.result for run in trial.runs):
            self._end_trial(trial, "stopped", reason)
        else:
            self._end_trial(trial, "failed", "it reported nothing before it was paused")

    def _end_trial(self, trial: LiveTrial, state: TrialState, reason: str | None) -> None:
        results = [run.result for run in trial.runs if run.result is not None]
        values = None
        if state != "failed":
            values = trial_value(results, self._state.problem.objectives, self._state.config.aggregate)
        self._store.set_trial(self._study, trial.number, state, values=values, reason=reason)
        record = TrialRecord(
            number=trial.number,
            parameters=trial.parameters,
            state=state,
            until=trial.until,
            parent=self._state.curves[trial.number].parent,
            values=values,
            reason=reason,
        )
        self._state.end(record)
        self._notices.ended(trial, record)
        if is_silent(record):
            self._look_at_silence(trial)
