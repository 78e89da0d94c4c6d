"""``kernel study list``: the studies of a folder."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from mlkernel.cli.study_arguments import add_studies_argument

if TYPE_CHECKING:
    from mlkernel.study.study_directory import StudyDirectory

TITLES = ("study", "state", "trials", "running", "failed", "best", "algorithm", "created")


def add_list_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel study list`` takes."""
    add_studies_argument(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run_list(arguments: argparse.Namespace) -> int:
    """Print a row for each study; one that cannot be read is named, so that it cannot hide the others."""
    from mlkernel.cli.printout import print_json, print_table
    from mlkernel.errors import KernelError
    from mlkernel.study.study_directory import list_studies, studies_root

    root = studies_root(arguments.studies)
    facts = []
    for directory in list_studies(root):
        try:
            facts.append(_facts(directory))
        except KernelError as error:
            print(f"warning: {directory.path}: {error.message}", file=sys.stderr)
    if arguments.json:
        print_json(facts)
    elif facts:
        print_table(TITLES, [_cells(study) for study in facts], optional=("created", "algorithm", "running"))
    else:
        print(f"no studies in {root}", file=sys.stderr)
    return 0


def _facts(directory: StudyDirectory) -> dict[str, Any]:
    from mlkernel.cli.study_drivers import shown_state, split_drivers
    from mlkernel.cli.study_outline import best_trials, component_name
    from mlkernel.study.statistics.study_results import objectives_of

    store = directory.open()
    try:
        study = store.study(directory.name)
        best = best_trials(store, study, limit=1)
        return {
            "name": directory.name,
            "directory": str(directory.path),
            "state": shown_state(study, *split_drivers(directory, store)),
            "counts": store.counts(directory.name),
            "wanted": study.configuration.get("trials"),
            "metric": objectives_of(study.configuration)[0].metric,
            "best": best[0].values[0] if best and best[0].values else None,
            "algorithm": component_name(study.configuration.get("algorithm")),
            "created": study.created,
        }
    finally:
        store.close()


def _cells(study: dict[str, Any]) -> list[str]:
    from mlkernel.cli.printout import format_moment
    from mlkernel.progress.quantities import format_value

    counts = study["counts"]
    total = sum(counts.values())
    return [
        study["name"],
        study["state"],
        str(total) if study["wanted"] is None else f"{total}/{study['wanted']}",
        str(counts.get("running", 0)),
        str(counts.get("failed", 0)),
        "-" if study["best"] is None else f"{study['metric']} {format_value(study['best'])}",
        study["algorithm"] or "-",
        format_moment(study["created"]),
    ]
