"""What a report leads to."""

from __future__ import annotations

import attrs

from mlkernel.study.engine.live_trial import LiveRun
from mlkernel.study.engine.study_context import StudyContext
from mlkernel.study.store.study_store import NewReportRecord
from mlkernel.study.trial_scheduler import Continue, Pause, Stop, TrialScheduler
from mlkernel.study.worker import messages


class Decisions:
    """Stores reports, and asks the scheduler what becomes of their trials."""

    def __init__(self, context: StudyContext, scheduler: TrialScheduler) -> None:
        self._store, self._study = context.store, context.study
        self._state, self._notices = context.state, context.notices
        self._scheduler = scheduler

    def answer(self, run: LiveRun, message: messages.Reported) -> messages.Answer:
        """What the worker of *run* is told."""
        is_new = self._store.report(
            self._study,
            message.trial,
            message.place,
            step=message.step,
            values=message.values,
            metrics=message.metrics,
            attempt=run.attempt,
        )
        return self._decided(run, message, is_new=is_new)

    def conclude(self, run: LiveRun, end: messages.Ended) -> messages.Ended:
        """The end of *run*; a last report that came with it is answered by how it ended, and stored with that.

        No other driver may have taken the run over: what was reported counts from now on.
        """
        last = end.report
        if last is None:
            return end
        is_new = run.step is None or last.step > run.step
        if is_new:
            run.last_report = NewReportRecord(step=last.step, values=last.values, metrics=last.metrics)
        match self._decided(run, last, is_new=is_new):
            case messages.Stop() if end.state == "finished":
                return attrs.evolve(end, state="stopped")
            case messages.Pause() if end.state == "finished":
                return attrs.evolve(end, state="paused")
        return end

    def _decided(self, run: LiveRun, message: messages.Reported, *, is_new: bool) -> messages.Answer:
        if is_new:
            run.metrics, run.source = message.metrics, None
            self._state.take(run, message.step, message.values)
            self._notices.reported(run, self._state.problem.objectives[0].metric, message.values)
        if run.trial.ending is not None:
            return messages.Stop(reason=run.trial.ending)
        points = self._state.curves[run.trial.number].points
        if not points or message.step != points[-1].step:
            return (
                messages.Continue()
            )  # decided about before a retry, or by another driver that has the run now
        match self._scheduler.decide(self._state.curves, run.trial.number):
            case Continue(until=until):
                return messages.Continue(until=until)
            case Stop(reason=reason):
                run.ending = reason
                until = run.trial.until
                if until is None or message.step < until:  # else the other runs have as far to go
                    run.trial.ending = reason
                return messages.Stop(reason=reason)
            case Pause():
                return messages.Pause()
