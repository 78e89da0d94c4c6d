"""``kernel search ask``: the next points of a study whose history is in a file, without a store or a driver."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkernel.errors import UsageError

if TYPE_CHECKING:
    from mlkernel.config.layers import Assignment
    from mlkernel.study.history import Observation
    from mlkernel.study.history_file import HistoryFile
    from mlkernel.study.search_problem import SearchProblem
    from mlkernel.study.study_config import StudyConfig

NO_TRAINER = "none"
"""Stands where a study's configuration has its trainer: points are proposed without one."""
SHOWN = 3
"""So many of the trials that are left out are named."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel search ask`` takes."""
    group = parser.add_argument_group("kernel search ask [STUDY.toml]", "propose points, and train nothing")
    group.add_argument("--history", metavar="FILE", type=Path, help="JSON: the trials so far, and the study")
    group.add_argument("-n", type=int, default=1, metavar="N", dest="points", help="how many points (1)")
    group.add_argument("--out", metavar="FILE", type=Path, help="where to write them (default: print them)")


def run(arguments: argparse.Namespace, assignments: Sequence[Assignment] = ()) -> int:
    """Propose points as JSON: ``{"points": [{"number": 12, "parameters": {...}}]}``.

    :param arguments: with ``words``: ``ask``, then study files and ``path=value``.
    :param assignments: further values of the study from the command line.
    """
    from mlkernel.records.atomic_file import write_text
    from mlkernel.study.history_file import read_history_file

    if arguments.history is None:
        raise UsageError(
            "kernel search ask needs a history", hint="Give --history FILE; {} for an empty one."
        )
    if arguments.points < 1:
        raise UsageError(f"-n must be at least 1, not {arguments.points}")
    found = read_history_file(arguments.history)
    config = _config(arguments, found, assignments)
    found = _with_earlier(found, config, arguments.studies)
    text = json.dumps({"points": _points(config, found, arguments.points)})
    if arguments.out is None:
        print(text)
    else:
        write_text(arguments.out, f"{text}\n")
    return 0


def _config(
    arguments: argparse.Namespace, found: HistoryFile, assignments: Sequence[Assignment]
) -> StudyConfig:
    from mlkernel.cli.search_sources import source_layers
    from mlkernel.config.layers import Layer
    from mlkernel.study.engine.study_settings import build_study

    words = arguments.words[1:]
    files = source_layers(arguments, words)
    trainer = Layer(tree={"study": {"trainer": NO_TRAINER}}, source="kernel search ask")
    given = [*assignments, *(word for word in words if "=" in word)]
    return build_study([trainer, *files, found.study], given)


def _with_earlier(found: HistoryFile, config: StudyConfig, studies: Path | None) -> HistoryFile:
    """The history behind what the studies found that the study was started from.

    :raises UnknownNameError: one of them is not there.
    """
    import attrs

    from mlkernel.errors import UnknownNameError
    from mlkernel.study.engine.warm_start import earlier_observations
    from mlkernel.study.history import History
    from mlkernel.study.study_directory import studies_root

    try:
        earlier = list(earlier_observations(config, studies_root(studies)))
    except UnknownNameError as error:
        hint = "Name their folder with --studies, or leave them out with warm_start=[]."
        raise UnknownNameError(f"{error.message}; the study starts from it", hint=hint) from error
    return attrs.evolve(found, history=History([*earlier, *found.history]))


def _points(config: StudyConfig, found: HistoryFile, count: int) -> list[dict[str, Any]]:
    """Points with their numbers; fewer than asked for when the space has no others left.

    :raises UsageError: the study has no space, the algorithm cannot do it, or a trial has too many or too few values.
    """
    import attrs

    from mlkernel.study.engine.study_problem import make_algorithm, make_problem

    if not config.space:
        raise UsageError(
            "the study has no space to search",
            hint="Give it in the history or a study file, or with --space.",
        )
    first = found.next_number
    # Whoever asks for points one batch after the other need not know how many trials there will be.
    endless = attrs.evolve(config, trials=config.trials or first + count)
    problem = attrs.evolve(make_problem(endless), trials=config.trials)
    wanted = len(problem.objectives)
    for observation in found.history:
        if observation.values is not None and len(observation.values) != wanted:
            given = len(observation.values)
            raise UsageError(f"trial {observation.number} has {given} values for {wanted} objectives")
    _tell_unused(found, problem)
    numbers = range(first, first + count)
    points = make_algorithm(config, problem).ask(found.history, found.pending, numbers)
    return [{"number": number, "parameters": point} for number, point in zip(numbers, points, strict=False)]


def _tell_unused(found: HistoryFile, problem: SearchProblem) -> None:
    """Name on stderr the trials from which the algorithm learns nothing, or only that they failed."""
    trials = [*found.history, *found.pending]
    outside = [
        f"{wrong[0].path}: {wrong[0].message} ({_named(trial.number)})"
        for trial in trials
        if (wrong := problem.space.problems_of(trial.parameters))
    ]
    if outside:
        text = f"{len(outside)} of {len(trials)} trials lie outside of the space and are left out"
        print(f"note: {text}: {_few(outside)}", file=sys.stderr)
    infinite = [_named(trial.number) for trial in found.history if _is_infinite(trial, problem)]
    if infinite:
        text = f"{len(infinite)} of {len(trials)} trials have values that are no finite numbers"
        print(f"note: {text}, and count as failed: {_few(infinite)}", file=sys.stderr)


def _is_infinite(trial: Observation, problem: SearchProblem) -> bool:
    return trial.values is not None and problem.losses(trial) is None


def _named(number: int | None) -> str:
    return "a trial without a number" if number is None else f"trial {number}"


def _few(words: Sequence[str]) -> str:
    return ", ".join([*words[:SHOWN], *(["..."] if len(words) > SHOWN else [])])
