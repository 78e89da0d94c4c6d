"""``kernel track``: send a run, or a study, to a tracker, while it goes on or afterwards."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlkernel.cli.run_arguments import add_runs_argument
from mlkernel.cli.study_arguments import add_studies_argument
from mlkernel.cli.tracker_arguments import add_tracker_argument, chosen_trackers
from mlkernel.errors import KernelError, RunLockedError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from mlkernel.tracker.tracking_file import TrackingFile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel track`` takes."""
    parser.add_argument(
        "target",
        metavar="RUN_OR_STUDY",
        help="a run or a study: its name, the beginning of one, or its directory",
    )
    add_tracker_argument(parser)
    add_runs_argument(parser)
    add_studies_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Send everything that was not sent yet, and what is logged until nobody trains any more."""
    from mlkernel.tracker.tracking_file import TrackingFile, trackings

    trackers = chosen_trackers(arguments)
    directory = _directory(arguments)
    if trackers:
        files = [TrackingFile(directory, tracker.label) for tracker in trackers]
        for file, tracker in zip(files, trackers, strict=True):
            file.begin(tracker)
    else:
        files = trackings(directory)
    if not files:
        raise UsageError(
            f"{directory.name} was not sent anywhere yet", hint="Name a tracker: --tracker tensorboard"
        )
    return max(_follow(file) for file in files)


def _follow(file: TrackingFile) -> int:
    from filelock import FileLock, Timeout

    from mlkernel.tracker.follower import Follower, Patience
    from mlkernel.tracker.follower_process import CALL_SECONDS, PATIENCE_SECONDS
    from mlkernel.tracker.run_work import Starter
    from mlkernel.tracker.watchdog import Watchdog
    from mlkernel.tracker.work import work_on

    def say(text: str) -> None:
        print(f"{file.path.stem}: {text}", file=sys.stderr)

    watchdog = Watchdog(CALL_SECONDS, lambda: say(f"has not answered for {CALL_SECONDS:g} s"))
    # Whoever follows what is over will soon be done, or give up.
    patience = 2 * PATIENCE_SECONDS if work_on(file, Starter(), watchdog).may_end() else 0
    try:
        with FileLock(file.lock, timeout=patience):
            follower = Follower(work_on(file, Starter(), watchdog), Patience(after_the_end=0), say)
            delivered = follower.follow()
    except Timeout:
        raise RunLockedError(
            f"{file.directory.name} is being sent to {file.path.stem} by another process",
            hint=f"What it says is in {file.log}.",
        ) from None
    finally:
        watchdog.close()
    if not delivered:
        raise KernelError(f"not everything could be sent to {file.path.stem}", hint="Try again later.")
    memory = file.read().memory or {}
    print(f"{file.path.stem}: sent to {', '.join(f'{name} {value}' for name, value in memory.items())}")
    return 0


def _directory(arguments: argparse.Namespace) -> Path:
    """That of the run or the study that is meant.

    :raises UnknownNameError: there is neither.
    :raises UsageError: there are both.
    """
    from mlkernel.records.run_directory import find_run, runs_root
    from mlkernel.study.study_directory import find_study, studies_root

    found: list[Path] = []
    with suppress(UnknownNameError):
        found.append(find_run(arguments.target, runs_root(arguments.runs)).path)
    with suppress(UnknownNameError):
        found.append(find_study(arguments.target, studies_root(arguments.studies)).path)
    if len(found) > 1:
        raise UsageError(
            f"{arguments.target!r} is a run and a study: {' and '.join(map(str, found))}",
            hint="Write the directory of the one that you mean.",
        )
    if not found:
        raise UnknownNameError(
            f"no run {arguments.target!r} in {runs_root(arguments.runs)}, and no such study in "
            f"{studies_root(arguments.studies)}",
            hint="kernel list and kernel study list show what there is.",
        )
    return found[0].resolve()
