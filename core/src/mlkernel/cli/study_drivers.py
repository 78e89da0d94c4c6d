"""Who drives a study, and who is registered as a driver although its process is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlkernel.study.store.records import DriverRecord, StudyRecord
    from mlkernel.study.store.study_store import StudyStore
    from mlkernel.study.study_directory import StudyDirectory


def split_drivers(
    directory: StudyDirectory, store: StudyStore
) -> tuple[list[DriverRecord], list[DriverRecord]]:
    """The registered drivers: those that may live, and those whose processes are gone."""
    from mlkernel.study.engine.driver_lock import is_gone

    living: list[DriverRecord] = []
    gone: list[DriverRecord] = []
    for driver in store.drivers(directory.name):
        (gone if is_gone(directory.path, driver) else living).append(driver)
    return living, gone


def shown_state(study: StudyRecord, living: Sequence[DriverRecord], gone: Sequence[DriverRecord]) -> str:
    """The state that the store tells; ``lost`` if the study should be running and its drivers are gone."""
    return "lost" if study.state == "running" and gone and not living else study.state


def nobody(study: StudyRecord, gone: Sequence[DriverRecord]) -> str:
    """That nobody drives *study*: which processes are gone, and how to go on, if there is anything left to do."""
    if not gone or study.state == "finished":
        return "nobody"
    processes = ", ".join(str(driver.pid) for driver in gone)
    are = "process {} is" if len(gone) == 1 else "processes {} are"
    return f"nobody ({are.format(processes)} gone); kernel study resume {study.name} goes on with it"
