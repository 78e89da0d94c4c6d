"""``kernel study compare``: whether some trials are really better than others."""

from __future__ import annotations

import argparse
from itertools import combinations
from typing import TYPE_CHECKING, Any

from mlkernel.cli.study_arguments import add_study_arguments, opened_study
from mlkernel.errors import UsageError

if TYPE_CHECKING:
    from mlkernel.study.statistics.comparison import Comparison
    from mlkernel.study.store.records import StudyRecord, TrialRecord
    from mlkernel.study.store.study_store import StudyStore

BEST = 5


def add_compare_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel study compare`` takes."""
    add_study_arguments(parser)
    parser.add_argument(
        "trials", metavar="TRIAL", nargs="*", type=int,
        help=f"their numbers, the first against the others (default: the {BEST} best)",
    )  # fmt: skip
    parser.add_argument("--all-pairs", action="store_true", help="compare each with each")
    parser.add_argument("--metric", metavar="NAME", help="the objective (default: the first)")
    parser.add_argument(
        "--test", choices=["t", "wilcoxon"], default="t",
        help="on pairs that share seed and fold: Student's paired t (default), or Wilcoxon's signed ranks;"
        " without such pairs Welch's t, or Mann and Whitney's U",
    )  # fmt: skip
    parser.add_argument(
        "--correction", choices=["holm", "bonferroni", "benjamini-hochberg", "none"], default="holm",
        help="of the p-values, for the number of comparisons (default: holm)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def run_compare(arguments: argparse.Namespace) -> int:
    """Print mean differences with their intervals and corrected p-values."""
    from mlkernel.cli.study_best import objective_place
    from mlkernel.study.statistics.comparison import compare_all
    from mlkernel.study.statistics.study_results import objectives_of

    with opened_study(arguments) as (directory, store):
        study = store.study(directory.name)
        metrics = [objective.metric for objective in objectives_of(study.configuration)]
        place = objective_place(metrics, arguments.metric)
        trials = _chosen(arguments.trials, store, study, place)
    samples = {
        trial.number: {
            (run.seed, run.fold): run.values[place] for run in trial.runs if run.values is not None
        }
        for trial in trials
    }
    numbers = [trial.number for trial in trials]
    pairs = list(combinations(numbers, 2))
    if not arguments.all_pairs:
        pairs = [pair for pair in pairs if pair[0] == numbers[0]]
    found = compare_all(samples, pairs, test=arguments.test, correction=arguments.correction)
    _print(found, metrics[place], arguments)
    return 0


def _chosen(numbers: list[int], store: StudyStore, study: StudyRecord, place: int) -> list[TrialRecord]:
    from mlkernel.cli.study_outline import best_trials

    if numbers:
        trials = [store.trial(study.name, number) for number in dict.fromkeys(numbers)]
    else:
        trials = best_trials(store, study, BEST, place)
    if len(trials) < 2:
        raise UsageError("there is nothing to compare one trial with", hint="Name two or more trials.")
    return trials


def _print(found: list[Comparison], metric: str, arguments: argparse.Namespace) -> None:
    import attrs

    from mlkernel.cli.printout import print_json, print_table

    if arguments.json:
        print_json([attrs.asdict(comparison) for comparison in found])
        return
    print_table(
        ["trial", "against", "pairs", f"mean difference of {metric}", "95 % interval", "p", "corrected p"],
        [_cells(comparison) for comparison in found],
        right=["trial", "against", "pairs"],
    )
    if not all(comparison.varies for comparison in found):
        missing = "no interval and no t test" if arguments.test == "t" else "no interval"
        print(f"{missing} where a difference is the same with every seed: nothing tells its error")
    elif any(comparison.p_value is None for comparison in found):
        print("too few runs for a p-value: give each trial two or more seeds (seeds in the study file)")
    elif all(comparison.pairs == 0 for comparison in found):
        print("the trials share no seeds: compared as unrelated samples")


def _cells(comparison: Comparison) -> list[str]:
    from mlkernel.progress.quantities import format_value

    def told(value: Any) -> str:
        return "-" if value is None else format_value(value)

    interval = comparison.interval
    return [
        str(comparison.one),
        str(comparison.other),
        str(comparison.pairs),
        told(comparison.difference),
        "-" if interval is None else f"{told(interval[0])} to {told(interval[1])}",
        told(comparison.p_value),
        told(comparison.adjusted),
    ]
