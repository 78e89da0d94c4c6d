"""What ``kernel search`` begins with: a study file, a project, stored pieces, or options alone."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mlkernel.config.layers import Assignment, Layer
from mlkernel.errors import UsageError
from mlkernel.study.engine.study_settings import build_study
from mlkernel.study.pieces.piece_folder import PieceFolder, find_piece, piece_folders
from mlkernel.study.pieces.piece_kind import KINDS, PROJECT, kind_name
from mlkernel.study.pieces.project_snapshot import other_versions, snapshot_folder
from mlkernel.study.pieces.study_sources import carried_project, piece_layers, read_source
from mlkernel.study.study_config import StudyConfig
from mlkernel.study.study_directory import studies_root


@contextmanager
def study_of(arguments: argparse.Namespace, overrides: Sequence[str | Assignment]) -> Iterator[StudyConfig]:
    """The study that the arguments name, with *overrides* laid over it.

    :raises UsageError: several sources were named, or what one says is wrong.
    """
    source = _source(arguments, arguments.words)
    project = None if source is None else snapshot_folder(source)
    if project is None:
        yield build_study(source_layers(arguments, arguments.words), overrides)
        return
    _refuse_pieces(arguments, project)
    with carried_project(project, overrides, studies_root(arguments.studies)) as config:
        for difference in other_versions(project, config):
            print(f"note: the project was {difference}", file=sys.stderr)
        yield config


def source_layers(arguments: argparse.Namespace, words: Sequence[str]) -> list[Layer]:
    """The layers of the file or project among *words*, and beneath them those of the pieces that options name.

    :raises UsageError: as :func:`study_of` does.
    """
    folders = piece_folders(arguments.pieces)
    source = _source(arguments, words)
    if source is not None and (project := snapshot_folder(source)) is not None:
        _refuse_pieces(arguments, project)
    layers = [] if source is None else read_source(source, folders)
    return [*piece_layers(_named(arguments.piece), folders), *layers]


def _source(arguments: argparse.Namespace, words: Sequence[str]) -> str | None:
    """The file or folder of the study, if one is named."""
    folders = piece_folders(arguments.pieces)
    sources = [_place(word, folders) for word in words if "=" not in word]
    if arguments.project is not None:
        sources.append(str(find_piece(PROJECT, arguments.project, folders).path))
    if len(sources) > 1:
        raise UsageError(
            f"{len(sources)} studies were named: {', '.join(sources)}", hint="Name one file or project."
        )
    return sources[0] if sources else None


def _place(word: str, folders: Sequence[PieceFolder]) -> str:
    """The file or folder that *word* is the path of, or the stored project that it names."""
    path = Path(word)
    is_study = path.is_file() or snapshot_folder(path) is not None
    if is_study or path.name != word or path.suffix:
        return word
    if path.is_dir() and not any(folder.find(PROJECT, word) for folder in folders):
        return word  # which is then said to be no project
    return str(find_piece(PROJECT, word, folders).path)


def _refuse_pieces(arguments: argparse.Namespace, project: Path) -> None:
    if arguments.piece:
        raise UsageError(
            "a project has its pieces already",
            hint=f"Change it with kernel config update project {project.name}.",
        )


def _named(texts: Sequence[str]) -> dict[str, str]:
    """Kind → name of a piece."""
    named: dict[str, str] = {}
    for text in texts:
        kind, equals, name = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--piece {text} names no piece", hint="Write --piece KIND=NAME.")
        kind = kind_name(kind)
        if kind not in KINDS:
            raise UsageError(f"--piece {text}: a {kind} is no piece", hint=f"Write --{kind} {name}.")
        if kind in named:
            raise UsageError(f"two pieces of the kind {kind}: {named[kind]} and {name}", hint="Name one.")
        named[kind] = name
    return named
