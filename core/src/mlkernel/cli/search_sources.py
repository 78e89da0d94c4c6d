"""What ``kernel search`` begins with: a study file, a project, stored pieces, or options alone."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mlkernel.config.layers import Assignment
from mlkernel.errors import UsageError
from mlkernel.study.engine.study_settings import build_study
from mlkernel.study.pieces.piece_folder import find_piece, piece_folders
from mlkernel.study.pieces.piece_kind import KINDS, PROJECT, kind_name
from mlkernel.study.pieces.project_snapshot import snapshot_folder
from mlkernel.study.pieces.study_sources import carried_project, piece_layers, read_source
from mlkernel.study.study_config import StudyConfig
from mlkernel.study.study_directory import studies_root


@contextmanager
def study_of(arguments: argparse.Namespace, overrides: Sequence[str | Assignment]) -> Iterator[StudyConfig]:
    """The study that the arguments name, with *overrides* laid over it.

    :raises UsageError: several sources were named, or what one says is wrong.
    """
    folders = piece_folders(arguments.pieces)
    sources = [word for word in arguments.words if "=" not in word]
    if arguments.project is not None:
        sources.append(str(find_piece(PROJECT, arguments.project, folders).path))
    if len(sources) > 1:
        raise UsageError(
            f"{len(sources)} studies were named: {', '.join(sources)}", hint="Name one file or project."
        )
    project = snapshot_folder(sources[0]) if sources else None
    named = _named(arguments.piece)
    if project is None:
        layers = [layer for source in sources for layer in read_source(source, folders)]
        yield build_study([*piece_layers(named, folders), *layers], overrides)
        return
    if named:
        raise UsageError(
            "a project has its pieces already",
            hint=f"Change it with kernel config update project {project.name}.",
        )
    with carried_project(project, overrides, studies_root(arguments.studies)) as config:
        yield config


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
