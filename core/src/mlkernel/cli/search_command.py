"""``kernel search``: many runs of one trainer, and what decides which to make next."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkernel.cli import search_ask
from mlkernel.cli.space_arguments import space_table
from mlkernel.cli.tracker_arguments import add_tracker_argument, chosen_trackers, start_followers
from mlkernel.errors import UsageError

if TYPE_CHECKING:
    from mlkernel.config.layers import Assignment
    from mlkernel.study.engine.study_outcome import StudyOutcome
    from mlkernel.study.study_directory import StudyDirectory

EPILOG = """examples:
  kernel search --trainer ./f.py:objective --space 'x=uniform(-1,1)' --metric loss --mode min --trials 20 --jobs 2
  kernel search --trainer ppo --space 'trainer.lr=loguniform(1e-5,1e-2)' --metric reward --mode max --trials 50
  kernel search STUDY.toml --trials 100 algorithm.startup_trials=20
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel search`` takes."""
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "words",
        metavar="STUDY.toml | path=value",
        nargs="*",
        help="a study file (TOML, YAML, JSON) or the folder of a project, and options such as resources.time=60",
    )
    parser.add_argument(
        "--project", metavar="NAME", help="a stored project; see kernel config create project"
    )
    parser.add_argument(
        "--piece",
        metavar="KIND=NAME",
        action="append",
        default=[],
        help="a stored study, space, model or launcher, beneath everything else; may be repeated",
    )
    parser.add_argument(
        "--pieces", metavar="DIRECTORY", type=Path, help="where pieces lie ($MLKERNEL_PIECES, ./pieces)"
    )
    parser.add_argument(
        "-t",
        "--trainer",
        metavar="T",
        help="a trainer's name or reference, module:function, ./file.py:function, or a script",
    )
    parser.add_argument(
        "--space",
        metavar="NAME=DIMENSION",
        action="append",
        default=[],
        help="such as 'trainer.lr=loguniform(1e-5,1e-2)', a file with a space, or one as JSON; may be repeated",
    )
    parser.add_argument(
        "--constraint",
        metavar="TEXT",
        action="append",
        default=[],
        help="that all points satisfy; may be repeated",
    )
    parser.add_argument(
        "--metric", action="append", default=[], help="what is compared; repeat it for several"
    )
    parser.add_argument(
        "--mode",
        action="append",
        default=[],
        choices=("min", "max"),
        help="which values are better, of each metric",
    )
    parser.add_argument("--algorithm", metavar="A", help="what proposes points (auto)")
    parser.add_argument("--scheduler", metavar="S", help="what ends trials early (fifo)")
    parser.add_argument("--launcher", metavar="L", help="where trials run (local)")
    parser.add_argument("--trials", metavar="N", help="how many")
    parser.add_argument("-j", "--jobs", metavar="K", help="runs at the same time (1)")
    parser.add_argument("--seed", metavar="N", help="of the study (0)")
    parser.add_argument(
        "--seeds", metavar="N|LIST", help="runs of each trial (1), or their seeds as in 1,2,3"
    )
    parser.add_argument("--max-step", metavar="N", help="the last step of a trial")
    parser.add_argument("--name", help="of the study")
    parser.add_argument(
        "-c", "--config", metavar="FILE", action="append", default=[], help="of the trainer; may be repeated"
    )
    parser.add_argument(
        "--set",
        metavar="path=value",
        action="append",
        default=[],
        dest="shared",
        help="an option of the trainer that all trials share; may be repeated",
    )
    parser.add_argument(
        "--studies", metavar="DIRECTORY", type=Path, help="where studies lie ($MLKERNEL_STUDIES, ./studies)"
    )
    parser.add_argument(
        "--store", metavar="URL", help="a database that keeps the study, such as postgresql://host/name"
    )

    add_tracker_argument(parser)
    search_ask.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Search, and tell what was found, where it is and what to type next."""
    if arguments.words[:1] == ["ask"]:
        return search_ask.run(arguments, list(_assignments(arguments)))
    from mlkernel.cli.search_sources import study_of
    from mlkernel.study.engine.study_display import study_display
    from mlkernel.study.engine.study_session import start_study

    words = [word for word in arguments.words if "=" in word]
    trackers = chosen_trackers(arguments)
    with study_of(arguments, [*_assignments(arguments), *words]) as config:
        outcome = start_study(
            config,
            study_display(),
            studies=arguments.studies,
            store_url=arguments.store,
            opened=lambda directory: start_followers(directory, trackers),
        )
    print_study_outcome(outcome)
    return outcome.exit_code


def _assignments(arguments: argparse.Namespace) -> Iterator[Assignment]:
    from mlkernel.config.layers import Assignment

    for path, value, words in _values(arguments):
        yield Assignment(path=f"study.{path}", value=value, origin=f"command line: {words}")


def _values(arguments: argparse.Namespace) -> Iterator[tuple[str, Any, str]]:
    """Path, value and words of each option that was given."""
    for name in ("trainer", "algorithm", "scheduler", "launcher", "name"):
        if (text := getattr(arguments, name)) is not None:
            yield name, text, f"--{name} {text}"
    for name in ("trials", "jobs", "seed", "seeds", "max_step"):
        if (text := getattr(arguments, name)) is not None:
            yield name, _number(text), f"--{name.replace('_', '-')} {text}"
    tables = {name: getattr(arguments, name) for name in ("metric", "mode", "config")}
    for name, value in {**tables, "space": _space(arguments), "set": _shared(arguments)}.items():
        if value:
            yield name, value, f"--{name}"


def _number(text: str) -> Any:
    """A number, or numbers with commas between them; anything else is left to be refused with its place."""
    from mlkernel.config.overrides import parse_value

    return parse_value(f"[{text}]" if "," in text else text, Any)


def _space(arguments: argparse.Namespace) -> dict[str, Any]:
    table = space_table(arguments.space) if arguments.space else {}
    constraints = [*table.get("constraints", []), *arguments.constraint]
    return {**table, "constraints": constraints} if constraints else table


def _shared(arguments: argparse.Namespace) -> dict[str, Any]:
    from mlkernel.config.overrides import parse_value

    pairs = [text.partition("=") for text in arguments.shared]
    for path, equals, _ in pairs:
        if not equals:
            raise UsageError(f"--set {path} has no value", hint="Write --set path=value.")
    return {path: parse_value(value, Any) for path, _, value in pairs}


def print_study_outcome(outcome: StudyOutcome) -> None:
    """Say how a driver's work ended, what is best, where things are, and what to type next."""
    name = outcome.directory.name
    where = _where(outcome.directory)
    failed = f", {outcome.failed} of them failed" if outcome.failed else ""
    state = "finished" if outcome.reason is None else f"stopped ({outcome.reason})"
    lines = [
        f"{state}: {_trials(outcome.ended)}{failed}; {outcome.directory.path}",
        *_best_lines(outcome, where),
    ]
    if outcome.reason is not None:
        lines.append(f"  go on with: kernel study resume {name}{where}")
    else:
        lines.append(f"  see more with: kernel study show {name}{where}; kernel study report {name}{where}")
    print("\n".join(lines), file=sys.stderr)


def _best_lines(outcome: StudyOutcome, where: str) -> list[str]:
    """The best trial and its point, or where the trials are that several objectives have."""
    best, objectives = outcome.best, outcome.config.objectives
    if best is None or best.values is None:
        return []
    if len(objectives) > 1:
        front = "" if outcome.front is None else f"{_trials(outcome.front)}; "
        return [f"  Pareto front: {front}kernel study best {outcome.directory.name}{where} shows it"]
    return [
        f"  best: trial {best.number}, {objectives[0].metric} {best.values[0]:g}",
        *(f"    {path} = {value}" for path, value in best.parameters.items()),
    ]


def _trials(count: int) -> str:
    return "1 trial" if count == 1 else f"{count} trials"


def _where(directory: StudyDirectory) -> str:
    """The option without which commands would not find the study, if there is need of one."""
    from mlkernel.study.study_directory import studies_root

    folder = directory.path.absolute().parent
    return "" if folder == studies_root().absolute() else f" --studies {shlex.quote(str(folder))}"
