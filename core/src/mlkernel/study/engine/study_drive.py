"""One driver's work on a study, from what the store tells to its end."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import attrs

from mlkernel.errors import KernelError
from mlkernel.run.stop_request import StopRequest
from mlkernel.study.engine.assignments import Assignments
from mlkernel.study.engine.driver import Driver
from mlkernel.study.engine.file_move import FileMove
from mlkernel.study.engine.job_pool import JobPool
from mlkernel.study.engine.milestones import Milestones
from mlkernel.study.engine.schedule_check import check_launcher
from mlkernel.study.engine.study_commands import StudyCommands
from mlkernel.study.engine.study_context import StudyContext
from mlkernel.study.engine.study_notices import StudyNotices
from mlkernel.study.engine.study_outcome import StudyOutcome
from mlkernel.study.engine.study_problem import make_algorithm, make_problem
from mlkernel.study.engine.study_settings import stored_config, target_of
from mlkernel.study.engine.study_state import StudyState
from mlkernel.study.engine.warm_start import earlier_observations
from mlkernel.study.engine.worker_pool import WorkerPool
from mlkernel.study.scheduler_choice import make_trial_scheduler
from mlkernel.study.search_problem import SearchProblem
from mlkernel.study.store.database import ConnectionLostError
from mlkernel.study.store.records import StudyRecord
from mlkernel.study.store.study_store import StudyStore
from mlkernel.study.study_directory import StudyDirectory

LOOK_SECONDS = 0.5
"""Between two looks at what other processes ask for."""
STOP_SECONDS = 10.0
"""How long runs have to reach their next report when the study is stopped, before their workers are ended."""


class StudyDrive:
    """One driver's work on a study whose lock it holds, over one connection to its store.

    :param past: what the driver did over earlier ones.
    """

    def __init__(
        self,
        directory: StudyDirectory,
        store: StudyStore,
        name: str,
        notices: StudyNotices,
        past: Milestones,
        *,
        shared: bool,
    ) -> None:
        self._directory, self._store, self._past = directory, store, past
        self._notices, self._display = notices, notices.display
        self._next_look = 0.0
        self._record = store.study(directory.name)
        config = self._config = stored_config(self._record)
        problem = make_problem(config)
        known = earlier_observations(config, directory.path.parent)
        self._state = StudyState(config, problem, known)
        self._state.read(store, directory.name)
        self.standing = (self._state.trial_count, self._state.ended, self._state.curves.report_count)
        """How far the study had come: trials, ended trials, reports."""
        scheduler = make_trial_scheduler(
            config.scheduler.name, self._as_it_began(problem), config.scheduler.config
        )
        files = FileMove(config.directory, directory.working_directory())
        context = StudyContext(store, directory.name, name, directory.path, self._state, notices, files)
        self._work = Assignments(context, make_algorithm(config, problem), scheduler, shared=shared)
        launcher = config.launcher.make(directory.launcher)
        check_launcher(config, scheduler, launcher)
        here = files.config(config)
        working = None if here.directory is None else Path(here.directory)
        self._commands = StudyCommands(store, directory, name, working, notices.display.say)
        make_pool = WorkerPool if launcher.capabilities.channel else JobPool
        pool = self._pool = make_pool(launcher, directory.path, config.resources, working)
        self._driver = Driver(context, self._work, scheduler, pool, target_of(here))

    def _as_it_began(self, problem: SearchProblem) -> SearchProblem:
        """What the scheduler is made for: populations do not change when trials are added later."""
        revisions = self._store.revisions(self._directory.name)
        first = revisions[0] if revisions else self._record.configuration
        return attrs.evolve(problem, trials=first.get("trials"))

    def to_end(self, stop: StopRequest) -> StudyOutcome:
        """Drive until the study is over, or asked to stop.

        :raises ConnectionLostError: the store is out of reach; nothing was told to the workers, who go on.
        """
        self._prepare(stop)
        try:
            reason = self._driven(stop)
            self._driver.leave()
        except ConnectionLostError:
            raise  # whoever goes on does so with the workers, and whose their runs are cannot be told now
        except BaseException:
            self.give_up()
            raise
        if reason is None or not self._is_driven_by_others():
            self._store.set_state(self._directory.name, "finished" if reason is None else "stopped")
        return self._outcome(reason)

    def give_up(self) -> None:
        """End the workers, and leave the study, as far as that is possible."""
        with suppress(KernelError):
            self._driver.cancel("its driver failed")
        with suppress(KernelError):
            self._driver.leave()

    def close(self) -> None:
        """Let go of everything; workers that go on look for another driver."""
        self._driver.close()

    def _prepare(self, stop: StopRequest) -> None:
        if not self._past.is_prepared:
            self._commands.run_first(self._config.before, stop)
            self._past.is_prepared = True
        if not self._past.is_begun:
            self._store.set_state(self._directory.name, "running")
            self._past.is_begun = True

    def _driven(self, stop: StopRequest) -> str | None:
        """Drive to the end; why it ended before, if it did."""
        self._driver.begin()
        reason = self._loop(stop)
        if reason is None:
            self._driver.finish()
            if self._is_to_end_it() and not self._past.is_over:
                self._commands.run(self._config.after)
                self._past.is_over = True
            self._notices.study_finished()
        return reason

    def _is_to_end_it(self) -> bool:
        """Whether no other driver has ended the study before; what comes after it is done once."""
        if not self._work.is_shared:
            return True
        with self._store.together(self._directory.name):
            is_first = self._past.is_ending or self._store.study(self._directory.name).state != "finished"
            self._store.set_state(self._directory.name, "finished")
            self._past.is_ending = is_first
        return is_first

    def _is_driven_by_others(self) -> bool:
        """Whether the study goes on without this driver, whose signal was for itself alone."""
        record = self._store.study(self._directory.name)
        return record.state == "running" and bool(self._store.drivers(self._directory.name))

    def _loop(self, stop: StopRequest) -> str | None:
        """Why it ended before its end, if it did."""
        patience_ends: float | None = None
        while True:
            if stop.reason is not None and patience_ends is None:
                self._driver.stop()
                patience_ends = time.monotonic() + STOP_SECONDS
            if stop.is_urgent:
                patience_ends = 0.0  # workers are not waited for
            if patience_ends is not None and time.monotonic() > patience_ends:
                self._driver.stop()
                self._driver.cancel("the study was stopped")
            goes_on = self._driver.step()
            self._display.refresh(self._state)
            if not goes_on:
                is_left = self._work.may_have_more or self._config.after
                return stop.reason if self._driver.is_stopping and is_left else None
            self._look_for_requests(stop)
            if self._driver.trouble is not None:
                stop.ask(self._driver.trouble)

    def _look_for_requests(self, stop: StopRequest) -> None:
        """See what other processes ask for, through the store."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        record = self._store.study(self._directory.name)
        if record.state == "stopped":
            stop.ask("asked to stop")
        if record.revision != self._record.revision:
            self._take_over(record)

    def _take_over(self, record: StudyRecord) -> None:
        """Go on as the study is configured now."""
        before, self._record, self._config = self._config, record, stored_config(record)
        problem = make_problem(self._config)
        self._state.reconfigure(self._config, problem)
        self._work.ask_from_now_on(make_algorithm(self._config, problem))
        self._pool.resources = self._config.resources
        self._display.say(f"the study was changed: revision {record.revision}")
        if self._config.launcher.name != before.launcher.name:
            self._display.say("the other launcher is used when the study is resumed")

    def _outcome(self, reason: str | None) -> StudyOutcome:
        state = self._state
        return StudyOutcome(
            directory=self._directory,
            config=self._config,
            ended=state.ended,
            failed=state.failed,
            best=state.best,
            front=self._front_size() if len(self._config.objectives) > 1 else None,
            reason=reason,
        )

    def _front_size(self) -> int | None:
        from mlkernel.study.statistics.front_size import front_size  # which one objective has no need of

        return front_size(self._store, self._record)
