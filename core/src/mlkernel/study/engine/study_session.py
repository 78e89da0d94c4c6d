"""The story of a study.

``kernel search`` settles the configuration, checks that the trainer and the space fit, writes both into a store, and
drives the study until its trials are done. ``kernel study resume`` reads all of it back and drives on. Whatever happens
then, the store tells it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mlkernel.errors import StorageError, UsageError
from mlkernel.run.stop_request import StopRequest
from mlkernel.study.engine.driver import driver_name
from mlkernel.study.engine.driver_lock import DriverLock
from mlkernel.study.engine.lasting_drive import LastingDrive
from mlkernel.study.engine.schedule_check import check_schedule
from mlkernel.study.engine.study_drive import STOP_SECONDS
from mlkernel.study.engine.study_joining import check_joining, require_database
from mlkernel.study.engine.study_notices import StudyDisplay
from mlkernel.study.engine.study_outcome import StudyOutcome
from mlkernel.study.engine.study_problem import check_study, short_space
from mlkernel.study.engine.study_settings import plain_study, settled
from mlkernel.study.engine.target_check import check_target
from mlkernel.study.engine.warm_start import earlier_observations
from mlkernel.study.store.opening import open_store
from mlkernel.study.store.study_store import StudyStore
from mlkernel.study.study_config import StudyConfig
from mlkernel.study.study_directory import StudyDirectory, studies_root


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
        for text in filter(None, (notice, short_space(config))):
            display.say(text)
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


def _stop_request() -> StopRequest:
    announcement = (
        f"stopping: runs end at their next report, at the latest after {STOP_SECONDS:g} s; "
        "Ctrl-C again stops at once"
    )
    return StopRequest(raises=False, announcement=announcement)


def _drive(directory: StudyDirectory, store: StudyStore, display: StudyDisplay) -> StudyOutcome:
    with DriverLock(directory.path, driver_name()) as lock, _stop_request() as stop:
        return LastingDrive(directory, store, lock, display, stop).to_end()
