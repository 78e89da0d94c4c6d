"""What an exported study tells an algorithm: its trials in the order in which they ended or paused."""

from __future__ import annotations

from mlkernel.study.curves import ENDED
from mlkernel.study.exports.study_document import StudyDocument
from mlkernel.study.history import History, Observation, PendingTrial
from mlkernel.study.store.records import TrialRecord


def document_history(document: StudyDocument) -> History:
    """What the trials of *document* were worth, each time that one ended or paused."""
    reached = {report.trial: report.step for report in document.reports}
    full = document.study.configuration.get("max_step")
    events = [
        (
            pause.sequence,
            Observation(
                number=pause.trial, parameters=pause.parameters, values=pause.values, budget=pause.step
            ),
        )
        for pause in document.pauses
    ]
    events += [
        (
            trial.sequence or 0,
            Observation(
                number=trial.number,
                parameters=trial.parameters,
                values=trial.values,
                budget=_budget(trial, reached.get(trial.number), full),
            ),
        )
        for trial in document.trials
        if trial.state in ENDED
    ]
    return History(observation for _, observation in sorted(events, key=lambda event: event[0]))


def document_pending(document: StudyDocument) -> tuple[PendingTrial, ...]:
    """The trials of *document* of which its history has nothing."""
    paused = {pause.trial for pause in document.pauses}
    return tuple(
        PendingTrial(number=trial.number, parameters=trial.parameters)
        for trial in document.trials
        if trial.state not in ENDED and trial.number not in paused
    )


def _budget(trial: TrialRecord, step: float | None, full: float | None) -> float | None:
    """How far a trial was trained that its scheduler ended; ``None`` for one that was trained to its end.

    :param step: its last one.
    :param full: the step at which all trials end, if there is one.
    """
    if trial.state != "stopped" or step is None:
        return None
    return step if full is None or step < full else None
