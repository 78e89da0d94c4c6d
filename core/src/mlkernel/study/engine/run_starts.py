"""How a run begins: it is taken in the store, and a worker is told all that it needs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from mlkernel.study.engine.live_trial import LiveRun, run_directory, run_name
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
        self._folder, self._target, self._files = str(context.folder), target, context.files

    def give(self, worker: Worker, run: LiveRun) -> bool:
        """Let *worker* train *run*; false if another driver has it."""
        is_taken, run.taken_for = run.taken_for == worker.handle.key, None
        if is_taken:
            self._note(worker, run)
        elif not self.take(worker, run):
            return False
        worker.tell(self._order(run, run.source))
        self._notices.started(run)
        return True

    def take(self, worker: Worker, run: LiveRun) -> bool:
        """Note that *worker* has *run*; false if another driver has it."""
        record = self._store.start_run(
            self._study,
            run.trial.number,
            run.place,
            driver=self._driver,
            directory=run_directory(run.name),
            until=run.trial.until,
            handle={"key": worker.handle.key},
        )
        if record is None:
            return False
        run.attempt, run.state = record.attempt, "running"
        self._state.curves[run.trial.number].state = "running"
        self._note(worker, run)
        return True

    def _note(self, worker: Worker, run: LiveRun) -> None:
        worker.run, run.is_here = run, True
        limit = self._state.config.resources.time
        worker.deadline = None if limit is None else time.monotonic() + limit

    def _order(self, run: LiveRun, source: int | None) -> TrainRun:
        config, parameters = self._state.config, dict(run.trial.parameters)
        file = parameters.pop(CONFIGURATION, None) if config.configurations else None
        return TrainRun(
            trial=run.trial.number,
            place=run.place,
            attempt=run.attempt,
            directory=self._directory(run.name),
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
            source=None if source is None else self._directory(run_name(source, run.place)),
            resume=run.attempt > 1,
        )

    def _directory(self, name: str) -> str:
        return f"{self._folder}/{run_directory(name)}"
