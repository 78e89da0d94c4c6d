"""Who hears of a study: the listeners of its hooks, and whoever shows its progress."""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

from mlkernel.study.engine.live_trial import LiveRun, LiveTrial, run_name
from mlkernel.study.engine.study_state import StudyState
from mlkernel.study.engine.trial_value import Values
from mlkernel.study.store.records import TrialRecord
from mlkernel.trial import Trial

NEWEST = 100
"""Ends of trials that are remembered: more than runs can say again."""


class StudyDisplay(Protocol):
    """Shows people how a study goes."""

    def say(self, text: str) -> None:
        """Show something that happened, in one line."""

    def refresh(self, state: StudyState) -> None:
        """Show how things stand; called often."""

    def close(self) -> None:
        """Nothing more happens."""


class StudyNotices:
    """Tells listeners and a display what happens: that the study starts and finishes is told once.

    :param study: its name.
    :param listeners: a hook bus with those of the family ``study``; ``None`` when there are none.
    """

    def __init__(self, study: str, display: StudyDisplay, listeners: Any = None) -> None:
        self._study, self.display = study, display
        self._newest_ends: deque[tuple[int, str]] = deque(maxlen=NEWEST)
        self._started = self._notifier(listeners, "on_trial_started")
        self._reported = self._notifier(listeners, "on_trial_reported")
        self._ended = self._notifier(listeners, "on_trial_ended")
        self._study_started = self._notifier(listeners, "on_study_started")
        self._study_finished = self._notifier(listeners, "on_study_finished")

    @staticmethod
    def _notifier(listeners: Any, name: str) -> Any:
        return None if listeners is None else listeners.notifier(name)

    def study_started(self) -> None:
        """A driver begins."""
        notify, self._study_started = self._study_started, None
        if notify:
            notify(study=self._study)

    def study_finished(self) -> None:
        """There is no more to do."""
        notify, self._study_finished = self._study_finished, None
        if notify:
            notify(study=self._study)

    def started(self, run: LiveRun) -> None:
        """A run was given to a worker."""
        if self._started:
            self._started(study=self._study, trial=_trial(run.trial, run.place, "running"))

    def reported(self, run: LiveRun, metric: str, values: Values) -> None:
        """A run reported the value of the first objective."""
        if self._reported:
            trial = _trial(run.trial, run.place, "running")
            self._reported(study=self._study, trial=trial, metric=metric, value=values[0])

    def retried(self, run: LiveRun, error: str) -> None:
        """An attempt failed, and there will be another one."""
        self.display.say(
            f"trial {run.trial.number}: attempt {run.attempt} of run {run.name} failed, once more: {error}"
        )

    def ended(self, trial: LiveTrial, record: TrialRecord) -> None:
        """A trial ended; told once, even if the store lost it and its run said so again."""
        end = (trial.number, record.state)
        if end in self._newest_ends:
            return
        self._newest_ends.append(end)
        if record.state == "failed":
            self.display.say(f"trial {trial.number} failed: {record.reason}")
        if self._ended:
            self._ended(study=self._study, trial=_trial(trial, 0, record.state))


def _trial(trial: LiveTrial, place: int, state: Any) -> Trial:
    return Trial(
        number=trial.number, run_id=run_name(trial.number, place), parameters=trial.parameters, state=state
    )
