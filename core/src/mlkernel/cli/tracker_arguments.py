"""The option by which commands are told where to send what is logged."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlkernel.errors import StorageError, UsageError

if TYPE_CHECKING:
    from mlkernel.tracker.tracking_file import TrackerChoice


def add_tracker_argument(parser: argparse.ArgumentParser) -> None:
    """Declare ``--tracker``."""
    parser.add_argument(
        "--tracker",
        metavar="NAME",
        action="append",
        default=[],
        dest="trackers",
        help="send metrics there as well, such as tensorboard or 'mlflow experiment=cartpole'; may be repeated",
    )


def chosen_trackers(arguments: argparse.Namespace) -> list[TrackerChoice]:
    """The trackers that were named, with their options.

    :raises UsageError: one of them cannot be used.
    """
    if not arguments.trackers:
        return []
    from mlkernel.tracker.tracking_file import choose_tracker

    return [choose_tracker(_words(text)) for text in arguments.trackers]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(
            f"--tracker {text}: {str(error).lower()}", hint="Write --tracker 'NAME path=value ...'."
        ) from error


def start_followers(directory: Path, trackers: Sequence[TrackerChoice], *, attempt: int = 0) -> None:
    """Start a process for each of *trackers*, and for those that the run or the study was sent to before.

    :param attempt: of a run, which is about to begin; studies have none.
    """
    if not trackers and not (directory / "trackers").is_dir():
        return
    from mlkernel.tracker.follower_process import start_follower
    from mlkernel.tracker.tracking_file import TrackingFile, trackings

    try:
        for tracker in trackers:
            TrackingFile(directory, tracker.label).begin(tracker)
        for file in trackings(directory):
            start_follower(file, attempt=attempt)
    except (OSError, StorageError) as error:  # a run does without trackers rather than not at all
        print(f"warning: trackers could not be started: {error}", file=sys.stderr)
