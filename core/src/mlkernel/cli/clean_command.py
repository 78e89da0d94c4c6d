"""``kernel clean``: delete runs, or only their checkpoints; what is still running is never touched."""

from __future__ import annotations

import argparse
import shutil
import time
from typing import TYPE_CHECKING

from mlkernel.cli.run_arguments import add_runs_argument
from mlkernel.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mlkernel.records.run_directory import RunDirectory

_SECONDS = {"h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel clean`` takes."""
    parser.add_argument(
        "chosen", metavar="RUN", nargs="*", help="runs by name, beginning of a name, or directory"
    )
    parser.add_argument(
        "--state", choices=["pending", "stopped", "failed", "finished"], help="all runs in this state"
    )
    parser.add_argument(
        "--older-than", metavar="AGE", help="only runs whose last sign of life is older, such as 12h, 7d, 4w"
    )
    parser.add_argument(
        "--checkpoints", action="store_true", help="delete checkpoints only; the best and the newest stay"
    )
    parser.add_argument(
        "--yes", action="store_true", help="delete; without it, only say what would be deleted"
    )
    add_runs_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Delete what was chosen, or say what would be."""
    from mlkernel.records.atomic_file import storage_errors
    from mlkernel.records.run_directory import runs_root

    if not (arguments.chosen or arguments.state or arguments.older_than):
        raise UsageError(
            "nothing was chosen to be deleted", hint="Name runs, or give --state or --older-than."
        )
    paths = [
        path
        for files in _choose(arguments, runs_root(arguments.runs))
        for path in (_spare_checkpoints(files) if arguments.checkpoints else [files.path])
    ]
    for path in paths:
        print(f"{'deleting' if arguments.yes else 'would delete'} {path}  ({_megabytes(path):.1f} MB)")
        if arguments.yes:
            with storage_errors(path):
                shutil.rmtree(path)
    if paths and not arguments.yes:
        print("nothing was deleted; add --yes to do it")
    return 0


def _choose(arguments: argparse.Namespace, root: Path) -> list[RunDirectory]:
    from mlkernel.records.run_directory import find_run, run_directories
    from mlkernel.records.status import read_status

    named = [find_run(text, root) for text in arguments.chosen]
    oldest = time.time() - _seconds(arguments.older_than) if arguments.older_than else None
    chosen = []
    for files in named or run_directories(root):
        status = read_status(files)
        last_sign = status.heartbeat or files.plan.stat().st_mtime
        if status.state == "running":
            if named:
                raise UsageError(
                    f"{files.run_id} is running", hint=f"Stop it first: kernel stop {files.run_id} --wait 60"
                )
        elif arguments.state in (None, status.state) and (oldest is None or last_sign < oldest):
            chosen.append(files)
    return chosen


def _spare_checkpoints(files: RunDirectory) -> list[Path]:
    from mlkernel.checkpoint.checkpoint_store import CheckpointStore, Retention

    store = CheckpointStore(files.checkpoints, Retention())
    everything, best = store.checkpoints(), store.best()
    staying = {everything[-1].number} if everything else set()
    if best is not None:
        staying.add(best.number)
    return [checkpoint.directory for checkpoint in everything if checkpoint.number not in staying]


def _seconds(age: str) -> float:
    try:
        return float(age[:-1]) * _SECONDS[age[-1:]]
    except (ValueError, KeyError):
        raise UsageError(
            f"{age!r} is no age", hint="Write a number and a unit, such as 12h, 7d or 4w."
        ) from None


def _megabytes(path: Path) -> float:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6
