"""``kernel study join``: work on a study from another folder or machine."""

from __future__ import annotations

import argparse

from mlkernel.cli.study_arguments import add_studies_argument


def add_join_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel study join`` takes."""
    parser.add_argument("study", metavar="STUDY", help="its name in the database")
    parser.add_argument(
        "--store",
        metavar="URL",
        required=True,
        help="the database that keeps it, such as postgresql://host/name",
    )
    add_studies_argument(parser)


def run_join(arguments: argparse.Namespace) -> int:
    """Drive a study that began elsewhere, with workers of this machine."""
    from mlkernel.cli.search_command import print_study_outcome
    from mlkernel.study.engine.study_display import study_display
    from mlkernel.study.engine.study_session import join_study

    outcome = join_study(arguments.study, arguments.store, study_display(), studies=arguments.studies)
    print_study_outcome(outcome)
    return outcome.exit_code
