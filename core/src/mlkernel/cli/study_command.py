"""``kernel study``: what studies are there, what came of them, and what may be done with them."""

from __future__ import annotations

import argparse
from importlib import import_module

VERBS = {
    "list": ("mlkernel.cli.study_list", "the studies of a folder"),
    "show": ("mlkernel.cli.study_show", "one study, or one of its trials"),
    "best": ("mlkernel.cli.study_best", "the best trials, or the Pareto front"),
    "compare": ("mlkernel.cli.study_compare", "whether some trials are really better than others"),
    "resume": ("mlkernel.cli.study_lifecycle", "go on with a study that stopped"),
    "join": ("mlkernel.cli.study_join", "work on a study of a database, from another folder or machine"),
    "stop": ("mlkernel.cli.study_lifecycle", "ask the driver of a study to stop, resumably"),
    "extend": ("mlkernel.cli.study_lifecycle", "change trials, jobs, space or algorithm of a study"),
    "report": ("mlkernel.cli.study_report", "write an interactive page, Markdown or PDF"),
    "export": ("mlkernel.cli.study_exchange", "write a study as JSON, CSV, Parquet, for Optuna or MLflow"),
    "import": ("mlkernel.cli.study_exchange", "make a study of an exported one"),
    "delete": ("mlkernel.cli.study_delete", "delete studies with all that belongs to them"),
}
"""Each verb: the module with its ``add_VERB_arguments`` and ``run_VERB``, and its line in the help."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs and what they take."""
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for verb, (module_name, summary) in VERBS.items():
        module = import_module(module_name)
        description = f"{summary[:1].upper()}{summary[1:]}."
        subparser = verbs.add_parser(verb, help=summary, description=description, allow_abbrev=False)
        getattr(module, f"add_{verb}_arguments")(subparser)
        subparser.set_defaults(run_verb=getattr(module, f"run_{verb}"))


def run(arguments: argparse.Namespace) -> int:
    """Carry out the chosen verb."""
    exit_code: int = arguments.run_verb(arguments)
    return exit_code
