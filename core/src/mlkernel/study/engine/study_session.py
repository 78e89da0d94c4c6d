"""The story of a study.

``kernel search`` settles the configuration, checks that the trainer and the space fit, writes both into a store, and
drives the study until its trials are done. ``kernel study resume`` reads all of it back and drives on. Whatever happens
then, the store tells it.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import attrs
from attrs import frozen

from mlkernel.errors import KernelError, StorageError, UsageError
from mlkernel.run.stop_request import StopRequest
from mlkernel.study.engine.assignments import Assignments
from mlkernel.study.engine.driver import Driver, driver_name
from mlkernel.study.engine.driver_lock import DriverLock
from mlkernel.study.engine.file_move import FileMove
from mlkernel.study.engine.job_pool import JobPool
from mlkernel.study.engine.other_drivers import SILENT_SECONDS
from mlkernel.study.engine.schedule_check import check_channel, check_schedule
from mlkernel.study.engine.study_context import StudyContext
from mlkernel.study.engine.study_joining import check_joining, require_database
from mlkernel.study.engine.study_listeners import study_listeners
from mlkernel.study.engine.study_notices import StudyDisplay, StudyNotices
from mlkernel.study.engine.study_problem import check_study, make_algorithm, make_problem
from mlkernel.study.engine.study_settings import plain_study, settled, stored_config, target_of
from mlkernel.study.engine.study_state import StudyState
from mlkernel.study.engine.target_check import check_target
from mlkernel.study.engine.warm_start import earlier_observations
from mlkernel.study.engine.worker_pool import WorkerPool
from mlkernel.study.scheduler_choice import make_trial_scheduler
from mlkernel.study.search_problem import SearchProblem
from mlkernel.study.store.opening import open_store
from mlkernel.study.store.records import StudyRecord, TrialRecord
from mlkernel.study.store.store_url import scheme
from mlkernel.study.store.study_store import StudyStore
from mlkernel.study.study_config import StudyConfig
from mlkernel.study.study_directory import StudyDirectory, studies_root

STOPPED_EXIT_CODE = 75
DIRECTORY = "{directory}"
"""In commands before and after a study: its folder."""
LOOK_SECONDS = 0.5
"""Between two looks at what other processes ask for."""
STOP_SECONDS = 10.0
"""How long runs have to reach their next report when the study is stopped, before their workers are ended."""


@frozen(kw_only=True)
class StudyOutcome:
    """How a driver's work on a study ended."""

    directory: StudyDirectory
    config: StudyConfig
    ended: int
    """Trials that have ended, of all drivers."""
    failed: int
    """Those of them that failed."""
    best: TrialRecord | None
    """The best successful trial by the first objective."""
    reason: str | None = None
    """Why it stopped before its end; ``None`` if it is finished."""

    @property
    def exit_code(self) -> int:
        """0 finished, 1 when no trial was successful, 75 stopped and resumable."""
        if self.reason is not None:
            return STOPPED_EXIT_CODE
        return 1 if self.ended and self.ended == self.failed else 0


def start_study(
    config: StudyConfig,
    display: StudyDisplay,
    *,
    studies: Path | None = None,
    store_url: str | None = None,
    opened: Callable[[Path], None] | None = None,
) -> StudyOutcome:
    """Begin a study and drive it.

    :param studies: the folder of studies; by default ``$MLKERNEL_STUDIES``, or ``studies`` in the current folder.
    :param store_url: of a database; a file in the study's folder unless given. A study that is there is joined.
    :param opened: called with the study's directory, whose store holds the study, before anything is driven.
    :raises UsageError: something that was asked for is wrong; nothing was begun.
    """
    config = settled(config)
    assert config.name is not None, "a settled study has its name"
    if store_url is not None:
        require_database(store_url)
    directory = StudyDirectory(studies_root(studies).absolute() / config.name)
    is_ours = directory.exists()
    check_study(config)
    notice = check_schedule(config, check_target(config), directory.launcher)
    list(earlier_observations(config, directory.path.parent))
    store = directory.create() if store_url is None else open_store(store_url)
    try:
        try:
            store.create(config.name, plain_study(config))
        except StorageError:
            raise
        except UsageError:  # there is one
            if is_ours or store_url is None:
                raise UsageError(
                    f"there is a study {config.name!r} in {directory.path.parent}",
                    hint=f"Go on with it with kernel study resume {config.name}, or choose another --name.",
                ) from None
            assert config.directory is not None, "a settled study has its directory"
            return _join(directory, store, store_url, Path(config.directory), display)
        if store_url is not None:
            directory.note(store_url)
        if notice is not None:
            display.say(notice)
        if opened is not None:
            opened(directory.path)
        return _drive(directory, store, display)
    finally:
        store.close()


def join_study(
    name: str, store_url: str, display: StudyDisplay, *, studies: Path | None = None
) -> StudyOutcome:
    """Work on a study that a database keeps, from a folder of this driver's own.

    :param studies: as for :func:`start_study`.
    :raises UsageError: there is no such study, or it cannot be joined from the current folder.
    """
    require_database(store_url)
    directory = StudyDirectory(studies_root(studies).absolute() / name)
    if directory.exists():
        raise UsageError(
            f"there is a study {name!r} in {directory.path.parent}",
            hint=f"Go on with it with kernel study resume {name}, or give this driver another folder: --studies.",
        )
    store = open_store(store_url, must_exist=True)
    try:
        return _join(directory, store, store_url, Path.cwd(), display)
    finally:
        store.close()


def _join(
    directory: StudyDirectory, store: StudyStore, store_url: str, working: Path, display: StudyDisplay
) -> StudyOutcome:
    check_joining(store.study(directory.name), working)
    directory.note(store_url, str(working))
    display.say(f"joining the study {directory.name!r} of {store.name}, as it is configured there")
    return _drive(directory, store, display)


def resume_study(directory: StudyDirectory, display: StudyDisplay) -> StudyOutcome:
    """Drive a study on from where it stands; one that is finished has nothing left to do.

    :raises RunLockedError: another driver lives.
    """
    store = directory.open()
    try:
        return _drive(directory, store, display)
    finally:
        store.close()


def _drive(directory: StudyDirectory, store: StudyStore, display: StudyDisplay) -> StudyOutcome:
    name = driver_name()
    with DriverLock(directory.path, name) as lock, StopRequest() as stop:
        shared = scheme(directory.location()) is not None
        former = [lock.before] if shared else [driver.name for driver in store.drivers(directory.name)]
        for driver in filter(None, former):
            store.leave(directory.name, driver)
        store.take_over(directory.name, SILENT_SECONDS)
        drive = _StudyDrive(directory, store, name, display, shared=shared)
        return drive.to_end(stop)


class _StudyDrive:
    """One driver's work on a study whose lock it holds."""

    def __init__(
        self, directory: StudyDirectory, store: StudyStore, name: str, display: StudyDisplay, *, shared: bool
    ) -> None:
        self._directory, self._store, self._display = directory, store, display
        self._next_look = 0.0
        self._record = store.study(directory.name)
        config = self._config = stored_config(self._record)
        problem = make_problem(config)
        known = earlier_observations(config, directory.path.parent)
        self._state = StudyState(config, problem, known)
        self._state.read(store, directory.name)
        scheduler = make_trial_scheduler(
            config.scheduler.name, self._as_it_began(problem), config.scheduler.config
        )
        notices = self._notices = StudyNotices(directory.name, display, study_listeners())
        files = FileMove(config.directory, directory.working_directory())
        context = StudyContext(store, directory.name, name, directory.path, self._state, notices, files)
        self._work = Assignments(context, make_algorithm(config, problem), scheduler, shared=shared)
        launcher = config.launcher.make(directory.launcher)
        check_channel(config, scheduler, launcher)
        here = files.config(config)
        self._working = None if here.directory is None else Path(here.directory)
        make_pool = WorkerPool if launcher.capabilities.channel else JobPool
        pool = self._pool = make_pool(launcher, directory.path, config.resources, self._working)
        self._driver = Driver(context, self._work, scheduler, pool, target_of(here))

    def _as_it_began(self, problem: SearchProblem) -> SearchProblem:
        """What the scheduler is made for: populations do not change when trials are added later."""
        revisions = self._store.revisions(self._directory.name)
        first = revisions[0] if revisions else self._record.configuration
        return attrs.evolve(problem, trials=first.get("trials"))

    def to_end(self, stop: StopRequest) -> StudyOutcome:
        """Drive until the study is over, or asked to stop."""
        if not self._state.trial_count:
            self._run_commands(self._config.before)
        self._store.set_state(self._directory.name, "running")
        try:
            self._driver.begin()
            reason = self._loop(stop)
            if reason is None:
                self._driver.finish()
                if self._is_to_end_it():
                    self._run_commands(self._config.after)
                self._notices.study_finished()
        except BaseException:
            with suppress(KernelError):
                self._driver.cancel("its driver failed")
            raise
        finally:
            self._driver.close()
            self._display.close()
        if reason is None or not self._is_driven_by_others():
            self._store.set_state(self._directory.name, "finished" if reason is None else "stopped")
        return self._outcome(reason)

    def _is_to_end_it(self) -> bool:
        """Whether no other driver has ended the study before; what comes after it is done once."""
        if not self._work.is_shared:
            return True
        with self._store.together(self._directory.name):
            is_first = self._store.study(self._directory.name).state != "finished"
            self._store.set_state(self._directory.name, "finished")
        return is_first

    def _is_driven_by_others(self) -> bool:
        """Whether the study goes on without this driver, whose signal was for itself alone."""
        record = self._store.study(self._directory.name)
        return record.state == "running" and bool(self._store.drivers(self._directory.name))

    def _loop(self, stop: StopRequest) -> str | None:
        """Why it ended before its end, if it did."""
        patience_ends: float | None = None
        while True:
            try:
                goes_on = self._driver.step()
                self._display.refresh(self._state)
            except KeyboardInterrupt:  # the second one: workers are not waited for
                patience_ends, goes_on = 0.0, True
            if not goes_on:
                return stop.reason if self._driver.is_stopping else None
            self._look_for_requests(stop)
            if self._driver.trouble is not None:
                stop.ask(self._driver.trouble)
            if stop.reason is not None and patience_ends is None:
                self._driver.stop()
                patience_ends = time.monotonic() + STOP_SECONDS
            if patience_ends is not None and time.monotonic() > patience_ends:
                self._driver.stop()
                self._driver.cancel("the study was stopped")

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

    def _run_commands(self, commands: Sequence[str]) -> None:
        for command in commands:
            filled = command.replace(DIRECTORY, shlex.quote(str(self._directory.path)))
            self._display.say(f"$ {filled}")
            done = subprocess.run(shlex.split(filled), cwd=self._working, check=False)
            if done.returncode:
                raise KernelError(
                    f"the command {command!r} of study {self._directory.name} ended with exit code {done.returncode}",
                    hint=f"Mend it, and go on with kernel study resume {self._directory.name}.",
                )

    def _outcome(self, reason: str | None) -> StudyOutcome:
        state = self._state
        return StudyOutcome(
            directory=self._directory,
            config=self._config,
            ended=state.ended,
            failed=state.failed,
            best=state.best,
            reason=reason,
        )
