"""``kernel study delete``: delete studies; what is still driven is never touched."""

from __future__ import annotations

import argparse
import shutil
import socket
import time
from typing import TYPE_CHECKING

from mlkernel.cli.study_arguments import add_study_arguments

if TYPE_CHECKING:
    from pathlib import Path

    from mlkernel.study.store.records import DriverRecord
    from mlkernel.study.study_directory import StudyDirectory


def add_delete_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel study delete`` takes."""
    add_study_arguments(parser, nargs="+")
    parser.add_argument(
        "--yes", action="store_true", help="delete; without it, only say what would be deleted"
    )


def run_delete(arguments: argparse.Namespace) -> int:
    """Delete the studies with their runs, or say what would be."""
    from mlkernel.records.atomic_file import storage_errors
    from mlkernel.study.study_directory import find_study, studies_root

    root = studies_root(arguments.studies)
    found = {directory.path: directory for directory in (find_study(text, root) for text in arguments.study)}
    for directory in found.values():
        _refuse_driven(directory)
    for path, directory in found.items():
        print(f"{'deleting' if arguments.yes else 'would delete'} {path}  ({_megabytes(path):.1f} MB)")
        if arguments.yes:
            store = directory.open()
            store.delete(directory.name)
            store.close()
            with storage_errors(path):
                shutil.rmtree(path)
    if not arguments.yes:
        print("nothing was deleted; add --yes to do it")
    return 0


def _refuse_driven(directory: StudyDirectory) -> None:
    """Refuse to delete a study that somebody drives.

    :raises UsageError: names the process.
    """
    from mlkernel.errors import UsageError

    store = directory.open()
    try:
        alive = [driver for driver in store.drivers(directory.name) if _is_alive(directory.path, driver)]
    finally:
        store.close()
    if alive:
        raise UsageError(
            f"{directory.name} is driven by process {alive[0].pid} on {alive[0].host}",
            hint=f"Stop it first: kernel study stop {directory.name}",
        )


def _is_alive(folder: Path, driver: DriverRecord) -> bool:
    """Whether a driver lives: for one of this machine its process tells, for others the heartbeat."""
    from mlkernel.study.engine.driver_lock import is_gone
    from mlkernel.study.store.records import SILENT_SECONDS

    if driver.host != socket.gethostname():
        return time.time() - driver.heartbeat < SILENT_SECONDS
    return not is_gone(folder, driver)


def _megabytes(path: Path) -> float:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6
