"""``kernel study best``: the best trials of a study."""

from __future__ import annotations

import argparse

from mlkernel.cli.study_arguments import add_study_arguments, opened_study
from mlkernel.errors import UsageError


def add_best_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel study best`` takes."""
    add_study_arguments(parser)
    parser.add_argument("-n", "--count", type=int, default=10, metavar="N", help="how many (default: 10)")
    parser.add_argument(
        "--metric", metavar="NAME", help="the objective; the Pareto front of all where there are several"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, with the runs of each trial")


def run_best(arguments: argparse.Namespace) -> int:
    """Print the best trials, or the Pareto front of several objectives."""
    from mlkernel.cli.printout import print_json
    from mlkernel.cli.study_outline import best_facts, best_trials, pareto_trials, print_trials
    from mlkernel.study.statistics.study_results import objectives_of

    if arguments.count < 1:
        raise UsageError(f"there are no {arguments.count} trials", hint="Write a number from 1.")
    with opened_study(arguments) as (directory, store):
        study = store.study(directory.name)
        objectives = objectives_of(study.configuration)
        if arguments.metric is None and len(objectives) > 1:
            trials, total = pareto_trials(store, study, arguments.count)
            heading = f"Pareto front: {len(trials)} of {total} points"
        else:
            chosen = objective_place([objective.metric for objective in objectives], arguments.metric)
            trials, heading = best_trials(store, study, arguments.count, chosen), None
    if arguments.json:
        print_json([best_facts(trial, objectives) for trial in trials])
    elif trials:
        if heading:
            print(heading)
        print_trials(trials, objectives)
    else:
        print("no trial has ended with a value")
    return 0


def objective_place(metrics: list[str], wanted: str | None) -> int:
    """The place of the objective *wanted*, or of the first one.

    :raises UsageError: there is none of this name; lists all.
    """
    if wanted is None:
        return 0
    if wanted not in metrics:
        raise UsageError(
            f"{wanted!r} is no objective of the study", hint=f"Its objectives are {', '.join(metrics)}."
        )
    return metrics.index(wanted)
