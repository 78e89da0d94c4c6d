"""How a run begins: it is taken in the store, and a worker is told all that it needs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from mlkernel.study.engine.live_trial import LiveRun, run_name
from mlkernel.study.engine.study_context import StudyContext
from mlkernel.study.engine.study_problem import CONFIGURATION
from mlkernel.study.engine.worker_pool import Worker
from mlkernel.study.worker.messages import TrainRun


class RunStarts:
    """Gives runs to workers.

    :param target: what workers train.
    """

    def __init__(self, context: StudyContext, target: Mapping[str, Any]) -> None:
        self._store, self._study, self._driver = context.store, context.study, context.driver
        self._state, self._notices = context.state, context.notices
        self._runs, self._target, self._files = context.folder / "runs", target, context.files

    def give(self, worker: Worker, run: LiveRun) -> None:
        """Let *worker* train *run*, unless another driver has it."""
        if self.take(worker, run):
            worker.tell(self._order(run, run.source))
            self._notices.started(run)

    def take(self, worker: Worker, run: LiveRun) -> bool:
        """Note that *worker* has *run*; false if another driver has it."""
        trial, place = run.trial, run.place
        with self._store.together(self._study):
            record = self._store.start_run(
                self._study,
                trial.number,
                place,
                driver=self._driver,
                directory=f"{self._runs.name}/{run.name}",
                until=trial.until,
            )
            if record is None:
                return False
            self._store.set_handle(self._study, trial.number, place, {"key": worker.handle.key})
        run.attempt, run.state, run.is_here = record.attempt, "running", True
        self._state.curves[run.trial.number].state = "running"
        worker.run = run
        limit = self._state.config.resources.time
        worker.deadline = None if limit is None else time.monotonic() + limit
        return True

    def _order(self, run: LiveRun, source: int | None) -> TrainRun:
        config, parameters = self._state.config, dict(run.trial.parameters)
        file = parameters.pop(CONFIGURATION, None) if config.configurations else None
        return TrainRun(
            trial=run.trial.number,
            place=run.place,
            attempt=run.attempt,
            directory=str(self._runs / run.name),
            target=self._target,
            config=[self._files.path(str(one)) for one in (*config.config, *([file] if file else []))],
            set=config.set,
            parameters=parameters,
            seed=run.seed,
            fold=run.fold,
            folds=config.folds,
            objectives=[(one.metric, one.mode) for one in self._state.problem.objectives],
            until=run.trial.until,
            max_step=config.max_step,
            source=None if source is None else str(self._runs / run_name(source, run.place)),
            resume=run.attempt > 1,
        )
