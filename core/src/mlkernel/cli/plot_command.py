"""``kernel plot``: learning curves of runs as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mlkernel.cli.run_arguments import add_run_argument, add_runs_argument
from mlkernel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlkernel.records.run_directory import RunDirectory


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel plot`` takes."""
    add_run_argument(parser, "chosen", nargs="+")
    parser.add_argument(
        "-m",
        "--metric",
        action="append",
        metavar="NAME",
        help="what to draw; may be repeated (default: what the runs report)",
    )
    parser.add_argument(
        "--x", default="iteration", metavar="iteration|time|METRIC", help="the horizontal axis"
    )
    parser.add_argument("--phase", metavar="NAME", help="only what was logged in this phase, such as test")
    parser.add_argument(
        "--smooth",
        type=float,
        default=0.0,
        metavar="WEIGHT",
        help="weight of the past in a moving average, such as 0.9",
    )
    parser.add_argument("--title", help="above the picture")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("learning-curve.png"), metavar="FILE",
        help=".png, .svg or .pdf (default: learning-curve.png)",
    )  # fmt: skip
    add_runs_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draw the picture and print its path. Runs that differ only in their seed become one curve with a band."""
    from mlkernel.plots.learning_curve import draw_learning_curve
    from mlkernel.records.run_directory import find_run, runs_root

    root = runs_root(arguments.runs)
    directories = list(
        {(found := find_run(text, root)).path.resolve(): found for text in arguments.chosen}.values()
    )
    draw_learning_curve(
        arguments.output,
        [directory.path for directory in directories],
        arguments.metric or _reported_metrics(directories),
        arguments.x,
        arguments.title,
        phase=arguments.phase,
        smooth=arguments.smooth,
    )
    print(arguments.output)
    return 0


def _reported_metrics(directories: Sequence[RunDirectory]) -> list[str]:
    """The metrics that the runs reported for comparison, or else the only one that they logged.

    :raises UsageError: there is no such; the message lists what was logged.
    """
    from mlkernel.plots.learning_curve import read_logged
    from mlkernel.records.status import read_status

    bests = [read_status(directory).best for directory in directories]
    logged = dict.fromkeys(name for directory in directories for name in read_logged(directory.path).names())
    reported = dict.fromkeys(best.metric for best in bests if best and best.metric in logged)
    if not reported and len(logged) != 1:
        raise UsageError(
            "which metric shall be drawn?", hint=f"Name it with --metric. There are: {', '.join(logged)}"
        )
    return list(reported or logged)
