"""``kernel logs``: what happened in a run, read from outside, while it happens or afterwards."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mlkernel.cli.run_arguments import add_run_argument, add_runs_argument

if TYPE_CHECKING:
    from mlkernel.records.run_directory import RunDirectory

LOOK_SECONDS = 0.2
"""How often a followed file is looked at."""
STATUS_SECONDS = 1.0
"""How often it is asked whether the run still lives."""
COLOURS = {"debug": "90", "warning": "33", "error": "31", "critical": "1;31"}
"""Escape code of each level that stands out."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel logs`` takes."""
    add_run_argument(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on printing until the run ends")
    parser.add_argument("--metrics", action="store_true", help="print logged metrics instead of events")
    add_runs_argument(parser)
    parser.add_argument("--json", action="store_true", help="print the lines of JSON as they are")


def run(arguments: argparse.Namespace) -> int:
    """Print the log, and with ``-f`` what is added to it."""
    from mlkernel.cli.line_follower import LineFollower
    from mlkernel.records.run_directory import find_run, runs_root

    directory = find_run(arguments.run, runs_root(arguments.runs))
    follower = LineFollower(directory.metrics if arguments.metrics else directory.events)
    if arguments.json:
        show: Callable[[str], None] = _print_line
    else:
        show = _print_metrics if arguments.metrics else _print_event
    if arguments.follow:
        _follow(follower.new_lines, show, directory)
    for line in follower.new_lines():
        show(line)
    return 0


def _follow(new_lines: Callable[[], list[str]], show: Callable[[str], None], directory: RunDirectory) -> None:
    """Print lines as they come; return when the run has ended, with its last lines still to be printed."""
    from mlkernel.records.status import read_status

    next_question = 0.0
    while True:
        for line in new_lines():
            show(line)
        if time.monotonic() >= next_question:
            next_question = time.monotonic() + STATUS_SECONDS
            if read_status(directory).state not in ("pending", "running"):
                return
        time.sleep(LOOK_SECONDS)


def _print_line(line: str) -> None:
    print(line, flush=True)


def _print_event(line: str) -> None:
    from mlkernel.cli.printout import coloured

    event = _record(line)
    if event is None:
        return
    level = str(event.pop("level", "info"))
    moment = str(event.pop("timestamp", ""))[11:19]
    text, exception = event.pop("event", ""), event.pop("exception", None)
    context = "".join(f"  {name}={value}" for name, value in event.items())
    print(coloured(f"{moment} {level:<8} {text}{context}", COLOURS.get(level, "")), flush=True)
    if exception:
        print(exception, flush=True)


def _print_metrics(line: str) -> None:
    from mlkernel.progress.quantities import format_value

    record = _record(line)
    if record is None:
        return
    metrics: Mapping[str, float | None] = record.get("metrics", {})
    numbers = {name: math.nan if value is None else value for name, value in metrics.items()}
    values = "".join(f"  {name}={format_value(value)}" for name, value in numbers.items())
    print(f"{record.get('phase')} {record.get('iteration')}  {record.get('time')} s{values}", flush=True)


def _record(line: str) -> dict[str, Any] | None:
    """The line's content; ``None``, with a warning, for a line that a crash left in the middle of the file."""
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        print(f"warning: left out a damaged line: {line[:80]}", file=sys.stderr)
        return None
    return record
