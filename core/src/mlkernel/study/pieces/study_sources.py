"""What a study is made from: a study file, the pieces that it names, and projects."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from mlkernel.config.layers import Assignment, Layer
from mlkernel.config.problems import Problem, did_you_mean, raise_problems
from mlkernel.errors import UsageError
from mlkernel.study.engine.study_file import read_study_file
from mlkernel.study.engine.study_settings import SECTION, build_study
from mlkernel.study.pieces.piece_folder import PieceFolder
from mlkernel.study.pieces.piece_kind import KINDS
from mlkernel.study.pieces.piece_values import named_piece
from mlkernel.study.pieces.project_making import study_layers
from mlkernel.study.pieces.project_snapshot import copy_snapshot, read_snapshot, snapshot_folder
from mlkernel.study.study_config import StudyConfig
from mlkernel.study.study_directory import StudyDirectory

PIECES = "pieces"
"""Key of a study file: kind → name or file of the piece that it is laid over."""
COPY = "project"
"""Folder of a study in which the project lies that it was begun from."""


def read_source(path: str | Path, folders: Sequence[PieceFolder]) -> list[Layer]:
    """The layers of a study file, with those of the pieces that it names beneath it; or the layer of a project.

    :raises ConfigError: something in it is wrong; with file and line.
    """
    folder = snapshot_folder(path)
    if folder is not None:
        return [read_snapshot(folder)]
    if Path(path).is_dir():
        raise UsageError(f"{path} is no project: it has no project.yaml")
    layer = read_study_file(path)
    values = layer.tree.get(SECTION)
    if not isinstance(values, Mapping) or PIECES not in values:
        return [layer]
    rest = {key: value for key, value in values.items() if key != PIECES}
    named = _named(values[PIECES], layer)
    return [
        *piece_layers(named, folders),
        attrs.evolve(layer, tree={**layer.tree, SECTION: rest}),
    ]


def piece_layers(named: Mapping[str, str], folders: Sequence[PieceFolder]) -> list[Layer]:
    """The layers of pieces.

    :param named: kind → name or file.
    :raises UnknownNameError: there is no such piece.
    :raises ConfigError: one is not valid.
    """
    return study_layers({kind: named_piece(kind, text, folders) for kind, text in named.items()})


def _named(given: object, layer: Layer) -> dict[str, str]:
    path = f"{SECTION}.{PIECES}"
    if not isinstance(given, Mapping):
        message = "a table of kinds and names expected"
        raise_problems([Problem(path=path, message=message, origin=layer.origin_of(path))])
        return {}
    problems = []
    for kind, text in given.items():
        where = f"{path}.{kind}"
        if kind not in KINDS:
            fault, advice = "unknown key", did_you_mean(kind, KINDS)
        elif not isinstance(text, str):
            fault, advice = f"the name of a piece expected, not {text!r}", None
        else:
            continue
        problems.append(Problem(path=where, message=fault, origin=layer.origin_of(where), suggestion=advice))
    raise_problems(problems)
    return dict(given)


@contextmanager
def carried_project(folder: Path, overrides: Sequence[str | Assignment], root: Path) -> Iterator[StudyConfig]:
    """The study that a project and *overrides* make, with a copy of the project in its folder.

    A study reads its scripts whenever a worker starts, also when it is resumed: from its copy, whatever has become of
    the project. The copy goes away if no study was begun.

    :param root: the folder of studies.
    """
    config = build_study([read_snapshot(folder)], overrides)
    name = config.name or folder.absolute().name
    directory = StudyDirectory(root.absolute() / name)
    if directory.exists():  # it is for whoever begins it to refuse or join it
        yield attrs.evolve(config, name=name)
        return
    copy = directory.path / COPY
    try:
        with PieceFolder(folder.absolute().parent.parent).still():
            layer = copy_snapshot(folder, copy)
        yield attrs.evolve(build_study([layer], overrides), name=name)
    finally:
        if not directory.exists():
            shutil.rmtree(copy, ignore_errors=True)
            with suppress(OSError):
                directory.path.rmdir()
