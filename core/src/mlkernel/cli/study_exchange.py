"""``kernel study export`` and ``import``: studies for other programs, and from other places."""

from __future__ import annotations

import argparse
from pathlib import Path

from mlkernel.cli.study_arguments import add_studies_argument, add_study_arguments, opened_study
from mlkernel.errors import UsageError


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel study export`` takes."""
    add_study_arguments(parser)
    parser.add_argument("output", metavar="OUTPUT", type=Path, help="the file, or for MLflow the folder")
    parser.add_argument(
        "--format",
        metavar="NAME",
        help="json, csv, parquet, optuna or mlflow; told by the ending of OUTPUT unless given",
    )


def run_export(arguments: argparse.Namespace) -> int:
    """Write the export and print its path."""
    from mlkernel.study.exports import export_study

    with opened_study(arguments) as (directory, store):
        export_study(store, directory.name, arguments.output, arguments.format)
    print(arguments.output)
    return 0


def add_import_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel study import`` takes."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a study that was exported as JSON")
    parser.add_argument("--name", help="of the new study (default: the name of the file)")
    add_studies_argument(parser)


def run_import(arguments: argparse.Namespace) -> int:
    """Make the study and print its folder; after a failure there is none."""
    import shutil

    from mlkernel.study.exports import import_study
    from mlkernel.study.study_directory import StudyDirectory, studies_root
    from mlkernel.study.study_name import check_study_name

    name = check_study_name(arguments.name or arguments.file.stem)
    directory = StudyDirectory(studies_root(arguments.studies) / name)
    if directory.path.exists():
        raise UsageError(f"there already is {directory.path}", hint="Give the study another --name.")
    store = directory.create()
    try:
        import_study(store, arguments.file, name)
    except BaseException:
        store.close()
        shutil.rmtree(directory.path)
        raise
    store.close()
    print(directory.path)
    return 0
