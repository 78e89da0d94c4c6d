"""``kernel list``: the runs of a folder."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, get_args

from mlkernel.cli.run_arguments import add_runs_argument
from mlkernel.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mlkernel.records.run_index import RunRow

TITLES = ("run", "trainer", "state", "progress", "best", "started", "duration")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel list`` takes."""
    from mlkernel.records.status import State

    parser.add_argument("--state", choices=get_args(State), help="only runs in this state")
    parser.add_argument("--trainer", metavar="NAME", help="only runs of this trainer")
    add_runs_argument(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print a row for each run, the newest last."""
    from mlkernel.cli.printout import print_json, print_table
    from mlkernel.records.run_directory import runs_root

    root = runs_root(arguments.runs)
    if arguments.runs and not root.is_dir():
        raise UsageError(f"there is no folder {root}", hint="Name the folder that holds run directories.")
    everything = _read_rows(root)
    rows = [
        row
        for row in everything
        if arguments.state in (None, row.state) and arguments.trainer in (None, row.trainer)
    ]
    if arguments.json:
        print_json([_facts(row, root) for row in rows])
    elif rows:
        print_table(
            TITLES,
            [_cells(row) for row in rows],
            right=("duration",),
            optional=("started", "duration", "trainer"),
        )
    else:
        print(f"no runs in {root}" + (" are so" if everything else ""), file=sys.stderr)
    return 0


def _read_rows(root: Path) -> list[RunRow]:
    """Read all rows; a run whose records are damaged is named and left out, so that it cannot hide the others."""
    from mlkernel.records.run_directory import run_directories
    from mlkernel.records.run_index import list_runs, read_row

    damage = (UsageError, ValueError, KeyError, TypeError, AttributeError)
    try:
        return list_runs(root)
    except damage:
        rows = []
        for directory in run_directories(root):
            try:
                rows.append(read_row(directory))
            except damage as error:
                print(f"warning: {directory.path} has damaged records: {error!r}", file=sys.stderr)
        return rows


def _facts(row: RunRow, root: Path) -> dict[str, object]:
    return {
        "id": row.run_id,
        "directory": str(root / row.run_id),
        "trainer": row.trainer,
        "state": row.state,
        "phase": row.phase,
        "completed": row.completed,
        "total": row.total,
        "metric": row.metric,
        "best": row.value,
        "started": row.started,
        "seconds": row.seconds,
    }


def _cells(row: RunRow) -> list[str]:
    from mlkernel.cli.printout import format_moment
    from mlkernel.progress.quantities import format_duration, format_value

    return [
        row.run_id,
        row.trainer,
        row.state,
        "-" if row.phase is None else format_progress(row.phase, row.completed or 0, row.total),
        "-" if row.metric is None else f"{row.metric} {format_value(row.value)}",
        format_moment(row.started),
        format_duration(row.seconds) if row.started else "-",
    ]


def format_progress(phase: str, completed: int, total: int | None) -> str:
    """How far a phase is, such as ``train 62/100 (62%)``; one that is complete goes without the percentage."""
    if not total:
        return f"{phase} {completed}"
    share = f" ({100 * completed // total}%)" if completed < total else ""
    return f"{phase} {completed}/{total}{share}"
