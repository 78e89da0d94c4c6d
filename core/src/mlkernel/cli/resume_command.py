"""``kernel resume``: train on where a run was left; never asks a question."""

from __future__ import annotations

import argparse

from mlkernel.cli.run_arguments import add_run_argument, add_runs_argument
from mlkernel.cli.tracker_arguments import add_tracker_argument, chosen_trackers, start_followers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel resume`` takes."""
    add_run_argument(parser)
    parser.add_argument(
        "overrides",
        metavar="path=value",
        nargs="*",
        help="changes of the configuration, such as iterations=500 to extend a finished run",
    )
    parser.add_argument(
        "--set",
        metavar="path=value",
        action="append",
        default=[],
        dest="set",
        help="a change, too; may be repeated",
    )
    add_tracker_argument(parser)
    add_runs_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train on, and tell where the results are."""
    from mlkernel.cli.run_command import print_outcome
    from mlkernel.records.run_directory import find_run, runs_root
    from mlkernel.records.status import read_status
    from mlkernel.run.session import resume_run

    files = find_run(arguments.run, runs_root(arguments.runs))
    attempt = len(read_status(files).attempts) + 1
    start_followers(files.path, chosen_trackers(arguments), attempt=attempt)
    outcome = resume_run(files.path, overrides=[*arguments.overrides, *arguments.set])
    print_outcome(outcome)
    return outcome.exit_code
