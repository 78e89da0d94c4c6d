"""``kernel stop``: ask runs to stop at their next boundary, from anywhere that sees their directories."""

from __future__ import annotations

import argparse
import time

from mlkernel.cli.run_arguments import add_run_argument, add_runs_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel stop`` takes."""
    add_run_argument(parser, "runs_to_stop", nargs="+")
    parser.add_argument(
        "--wait", type=float, metavar="SECONDS", help="wait until they have stopped, at most so long"
    )
    add_runs_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Leave a request in each running run's directory; its process looks for it twice a second."""
    from mlkernel.records.run_directory import find_run, runs_root
    from mlkernel.records.status import read_status

    asked = []
    for text in arguments.runs_to_stop:
        files = find_run(text, runs_root(arguments.runs))
        state = read_status(files).state
        if state == "running":
            files.stop_request.touch()
            asked.append(files)
            print(f"asked {files.run_id} to stop at its next boundary")
        else:
            print(f"{files.run_id} is not running: {state}")
    deadline = time.monotonic() + (arguments.wait or 0.0)
    while asked and time.monotonic() < deadline:
        time.sleep(0.1)
        asked = [files for files in asked if read_status(files).state == "running"]
    if arguments.wait is not None and asked:
        print(f"still running: {', '.join(files.run_id for files in asked)}")
        return 1
    return 0
