"""Drivers that share a study, each with a folder and workers of its own: none does what another one has done."""

from __future__ import annotations

import time

from mlkernel.study.engine.assignments import Assignments
from mlkernel.study.engine.live_trial import LiveTrial
from mlkernel.study.engine.study_context import StudyContext
from mlkernel.study.engine.worker_pool import WorkerPool
from mlkernel.study.store.records import SILENT_SECONDS

LOOK_SECONDS = 1.0
"""Between two looks at what others wrote."""


class OtherDrivers:
    """Takes over what other drivers of the study wrote, and the runs that they left behind."""

    def __init__(self, context: StudyContext, work: Assignments, pool: WorkerPool) -> None:
        self._store, self._study, self._state = context.store, context.study, context.state
        self._work, self._pool = work, pool
        self._next_look = 0.0

    def look(self) -> None:
        """See what changed, if the last look was some time ago.

        Runs that wait are done by whoever has a free worker.
        """
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        self._state.read(self._store, self._study)
        self._state.read_states(self._store, self._study)
        held = {worker.run for worker in self._pool}
        for run in self._state.waiting_runs():
            if run not in held and run not in self._work.waiting:
                self._work.waiting.append(run)

    def look_at(self, trial: LiveTrial) -> None:
        """See at once what became of one trial."""
        self._state.take_states(trial, self._store.trial(self._study, trial.number))

    def take_over(self) -> None:
        """Let the runs of drivers wait that were not heard of for a minute."""
        self._store.take_over(self._study, SILENT_SECONDS)

    @property
    def are_busy(self) -> bool:
        """Whether a trial goes on, or should: by others, or when their runs are taken over."""
        return any(
            run.state in {"waiting", "running"} for trial in self._state.live.values() for run in trial.runs
        )
