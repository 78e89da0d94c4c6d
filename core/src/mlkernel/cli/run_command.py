"""``kernel run``: train something."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from mlkernel.cli.component_help import add_component_help
from mlkernel.cli.run_arguments import add_runs_argument
from mlkernel.cli.tracker_arguments import add_tracker_argument, chosen_trackers, start_followers

if TYPE_CHECKING:
    from mlkernel.run.attempt import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel run`` takes."""
    add_component_help(parser)
    parser.add_argument(
        "-t",
        "--trainer",
        metavar="NAME",
        help="name, distribution:name, package.module:Class or ./file.py:Class",
    )
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        action="append",
        default=[],
        help="TOML, YAML or JSON; may be repeated, later files win",
    )
    parser.add_argument("-s", "--seed", metavar="N", help="short for run.seed=N")
    parser.add_argument("--name", help="short for run.name=NAME")
    parser.add_argument("--progress-bar", metavar="NAME", help="short for run.progress_bar=NAME")
    parser.add_argument("--strict-plugins", action="store_true", help="short for run.strict_plugins=true")
    add_tracker_argument(parser)
    add_runs_argument(parser)
    parser.add_argument(
        "overrides",
        metavar="path=value",
        nargs="*",
        help="options of the trainer, such as env.name=Pendulum-v1, and of the sections run and checkpoint",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, and tell where the results are."""
    from mlkernel.run.session import start_run

    trackers = chosen_trackers(arguments)
    outcome = start_run(
        arguments.trainer,
        config_files=arguments.config,
        overrides=_overrides(arguments),
        runs=arguments.runs,
        opened=lambda directory: start_followers(directory, trackers, attempt=1),
    )
    print_outcome(outcome)
    return outcome.exit_code


def print_outcome(outcome: Outcome) -> None:
    """Say on standard error how an attempt ended, where its files are, and what to type next."""
    status = outcome.status
    reason, *advice = (outcome.reason or "").split("\n")  # an error's second line says what to do
    lines = [f"{status.state}{f' ({reason})' if reason else ''}: {outcome.directory}", *advice]
    if status.best is not None:
        lines.append(f"  best {status.best.metric}: {status.best.value:g}")
    lines += [f"  {name}: {fact}" for name, fact in status.notes.items()]
    lines += [f"  {picture}" for picture in sorted(outcome.directory.glob("artifacts/*.png"))]
    if status.state == "stopped":
        lines.append(f"  go on with: kernel resume {outcome.directory}")
    print("\n".join(lines), file=sys.stderr)


def _overrides(arguments: argparse.Namespace) -> list[str]:
    short = {
        "run.seed": arguments.seed,
        "run.name": arguments.name,
        "run.progress_bar": arguments.progress_bar,
        "run.strict_plugins": "true" if arguments.strict_plugins else None,
    }
    return [*arguments.overrides, *(f"{path}={value}" for path, value in short.items() if value is not None)]
