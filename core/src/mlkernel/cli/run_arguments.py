"""The arguments by which commands name runs."""

from __future__ import annotations

import argparse
from typing import Literal


def add_runs_argument(parser: argparse.ArgumentParser) -> None:
    """Declare ``--runs``."""
    parser.add_argument(
        "--runs", metavar="DIRECTORY", help="where run directories lie ($MLKERNEL_RUNS, ./runs)"
    )


def add_run_argument(
    parser: argparse.ArgumentParser, name: str = "run", *, nargs: Literal["+"] | None = None
) -> None:
    """Declare ``RUN``.

    :param name: under which the parsed arguments hold it.
    :param nargs: ``"+"`` for one or more.
    """
    parser.add_argument(
        name, metavar="RUN", nargs=nargs, help="a run's name or its beginning, its directory, or latest"
    )
