"""``kernel study delete``: delete studies; what is still driven is never touched."""

from __future__ import annotations

import argparse
import shutil
import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING

from mlkernel.cli.study_arguments import add_study_arguments
from mlkernel.cli.study_drivers import split_drivers

if TYPE_CHECKING:
    from pathlib import Path

    from mlkernel.study.store.records import StudyRecord
    from mlkernel.study.study_directory import StudyDirectory

PATIENCE_SECONDS = 60.0
"""In which a worker ends that is asked to, and by force after its grace."""


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
            with closing(directory.open()) as store:
                _end_workers(directory, store.study(directory.name))
                store.delete(directory.name)
            with storage_errors(path):
                shutil.rmtree(path)
    if not arguments.yes:
        print("nothing was deleted; add --yes to do it")
    return 0


def _refuse_driven(directory: StudyDirectory) -> None:
    """Refuse to delete a study that somebody drives; of another machine's drivers, the heartbeat tells who lives.

    :raises UsageError: names the process.
    """
    from mlkernel.errors import UsageError
    from mlkernel.study.store.records import SILENT_SECONDS

    store = directory.open()
    try:
        here, now = socket.gethostname(), time.time()
        drivers, _ = split_drivers(directory, store)
    finally:
        store.close()
    alive = [one for one in drivers if one.host == here or now - one.heartbeat < SILENT_SECONDS]
    if alive:
        raise UsageError(
            f"{directory.name} is driven by process {alive[0].pid} on {alive[0].host}",
            hint=f"Stop it first: kernel study stop {directory.name}",
        )


def _end_workers(directory: StudyDirectory, study: StudyRecord) -> None:
    """End the workers that a driver left behind, which would go on writing into the folder.

    Without the packages that the study needs, nobody here can ask for them; they leave by themselves, soon after
    their driver.

    :raises KernelError: one of them does not end.
    """
    from mlkernel.errors import KernelError, UsageError
    from mlkernel.launcher.launcher import OVER
    from mlkernel.study.engine.study_settings import stored_config

    try:
        launcher = stored_config(study).launcher.make(directory.launcher)
    except UsageError:
        return
    with closing(launcher):
        deadline = time.monotonic() + PATIENCE_SECONDS
        handles = launcher.find()
        launcher.cancel(handles)
        while any(status.state not in OVER for status in launcher.poll(handles).values()):
            if time.monotonic() > deadline:
                raise KernelError(f"a worker of {directory.name} does not end", hint="Try again later.")
            time.sleep(0.2)


def _megabytes(path: Path) -> float:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6
