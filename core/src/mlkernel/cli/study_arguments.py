"""The arguments by which commands name studies, and what they stand for."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mlkernel.study.store.sql_store import SqlStore
    from mlkernel.study.study_directory import StudyDirectory


def add_studies_argument(parser: argparse.ArgumentParser) -> None:
    """Declare ``--studies``."""
    parser.add_argument(
        "--studies", metavar="DIRECTORY", type=Path, help="where studies lie ($MLKERNEL_STUDIES, ./studies)"
    )


def add_study_arguments(parser: argparse.ArgumentParser, *, nargs: Literal["+"] | None = None) -> None:
    """Declare ``STUDY`` and ``--studies``.

    :param nargs: ``"+"`` for one or more.
    """
    parser.add_argument(
        "study", metavar="STUDY", nargs=nargs, help="a study's name or its beginning, or its directory"
    )
    add_studies_argument(parser)


@contextmanager
def opened_study(arguments: argparse.Namespace) -> Iterator[tuple[StudyDirectory, SqlStore]]:
    """The directory and the store of the study that the arguments name.

    :raises UsageError: there is no such study.
    :raises StorageError: its store cannot be opened.
    """
    from mlkernel.study.study_directory import find_study, studies_root

    directory = find_study(arguments.study, studies_root(arguments.studies))
    store = directory.open()
    try:
        yield directory, store
    finally:
        store.close()
