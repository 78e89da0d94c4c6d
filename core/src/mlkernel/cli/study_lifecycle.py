"""``kernel study resume|stop|extend``: drive a study on, end its drivers, change what it is asked to do."""

from __future__ import annotations

import argparse
import time

from mlkernel.cli.space_arguments import space_table
from mlkernel.cli.study_arguments import add_study_arguments
from mlkernel.cli.tracker_arguments import add_tracker_argument, chosen_trackers, start_followers
from mlkernel.errors import UsageError


def add_resume_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel study resume`` takes."""
    add_study_arguments(parser)
    add_tracker_argument(parser)


def run_resume(arguments: argparse.Namespace) -> int:
    """Drive a study on from where it stands."""
    from mlkernel.cli.search_command import print_study_outcome
    from mlkernel.study.engine.study_display import study_display
    from mlkernel.study.engine.study_session import resume_study
    from mlkernel.study.study_directory import find_study, studies_root

    trackers = chosen_trackers(arguments)
    directory = find_study(arguments.study, studies_root(arguments.studies))
    start_followers(directory.path, trackers)
    outcome = resume_study(directory, study_display())
    print_study_outcome(outcome)
    return outcome.exit_code


def add_stop_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel study stop`` takes."""
    add_study_arguments(parser)
    parser.add_argument(
        "--wait", type=float, metavar="SECONDS", help="wait until its drivers have ended, at most so long"
    )


def run_stop(arguments: argparse.Namespace) -> int:
    """Ask the drivers of a study to stop; they look twice a second."""
    from mlkernel.cli.study_drivers import nobody, split_drivers
    from mlkernel.study.study_directory import find_study, studies_root

    directory = find_study(arguments.study, studies_root(arguments.studies))
    store = directory.open()
    try:
        drivers, gone = split_drivers(directory, store)
        study = store.study(directory.name)
        if study.state == "finished" or not (drivers or gone):
            print(f"{'' if drivers else 'nobody drives '}{directory.name}: {study.state}")
            return 0
        store.set_state(directory.name, "stopped")
        if not drivers:
            print(f"driven by {nobody(study, gone)}")
            return 0
        print(f"asked {', '.join(f'process {one.pid} on {one.host}' for one in drivers)} to stop")
        deadline = time.monotonic() + (arguments.wait or 0.0)
        while drivers and time.monotonic() < deadline:
            time.sleep(0.1)
            drivers, _ = split_drivers(directory, store)
    finally:
        store.close()
    if arguments.wait is not None and drivers:
        print(f"still driven by {', '.join(f'process {one.pid} on {one.host}' for one in drivers)}")
        return 1
    return 0


def add_extend_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel study extend`` takes."""
    add_study_arguments(parser)
    parser.add_argument("--trials", metavar="N", help="how many there are to be in all")
    parser.add_argument("-j", "--jobs", metavar="K", help="runs at the same time")
    parser.add_argument("--algorithm", metavar="A", help="what proposes points from now on")
    parser.add_argument(
        "--space",
        metavar="NAME=DIMENSION",
        action="append",
        default=[],
        help="the new dimension of a parameter, such as 'x=uniform(-2,2)', a file with some, or JSON; may be repeated",
    )
    parser.add_argument(
        "changes", metavar="path=value", nargs="*", help="other options of the study, such as retries=3"
    )


def run_extend(arguments: argparse.Namespace) -> int:
    """Change a study; a driver that lives takes it over at once."""
    from mlkernel.cli.study_drivers import nobody, split_drivers
    from mlkernel.study.engine.study_changes import change_study
    from mlkernel.study.study_directory import find_study, studies_root

    names = ("trials", "jobs", "algorithm")
    given = [(name, getattr(arguments, name)) for name in names if getattr(arguments, name) is not None]
    overrides = [*arguments.changes, *(f"{name}={value}" for name, value in given)]
    if not overrides and not arguments.space:
        raise UsageError(
            "nothing to change was named", hint="Such as --trials 100 or --space 'x=uniform(-2,2)'."
        )
    directory = find_study(arguments.study, studies_root(arguments.studies))
    store = directory.open()
    try:
        changes = change_study(store, directory.name, overrides, space_table(arguments.space))
        drivers, gone = split_drivers(directory, store)
        study = store.study(directory.name)
    finally:
        store.close()
    for change in changes or ["nothing: it was so already"]:
        print(change)
    if changes and not drivers:
        resume = f"go on with: kernel study resume {directory.name}"
        print(f"driven by {nobody(study, gone)}" if gone else resume)
    return 0
