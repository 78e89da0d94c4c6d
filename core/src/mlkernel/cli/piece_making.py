"""``kernel config create|recreate|update``: make and change pieces and projects."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlkernel.config.layers import Layer
    from mlkernel.study.pieces.piece_folder import Piece, PieceFolder
    from mlkernel.study.pieces.project_making import ProjectParts


def run_making(arguments: argparse.Namespace) -> int:
    """Make or change what the arguments name, all of it or nothing, and say where it lies.

    :raises UsageError: there is one already that was to be created, or none that was to be changed.
    """
    from mlkernel.study.pieces.piece_folder import piece_folders, user_folder
    from mlkernel.study.pieces.piece_kind import PROJECT, check_name

    name = check_name(arguments.piece_name)
    folder = user_folder() if arguments.user else piece_folders(arguments.pieces)[0]
    _former(arguments, folder)  # where it refuses, not even the folder is made
    with folder.changing(arguments.piece_kind):
        former = _former(arguments, folder)
        if arguments.piece_kind == PROJECT:
            path = _make_project(arguments, folder, former)
        else:
            path = _make_piece(arguments, folder, former)
    print(path, file=sys.stderr)
    if arguments.piece_kind == PROJECT:
        print(f"  search it with: kernel search --project {name}", file=sys.stderr)
    return 0


def _former(arguments: argparse.Namespace, folder: PieceFolder) -> Piece | None:
    """What has the name now.

    :raises UsageError: there is one already that was to be created.
    :raises UnknownNameError: there is none that was to be changed.
    """
    from mlkernel.errors import UsageError
    from mlkernel.study.pieces.piece_folder import find_piece, user_folder

    kind, name = arguments.piece_kind, arguments.piece_name
    if arguments.action == "update":
        if folder.find(kind, name) is None and user_folder().find(kind, name) is not None:
            raise UsageError(
                f"no {kind} {name!r} in {folder.path}", hint="The user has one: add --user to change it."
            )
        return find_piece(kind, name, [folder])
    former = folder.find(kind, name)
    if former is not None and arguments.action == "create":
        raise UsageError(
            f"there is a {kind} {name!r} already: {former.path}",
            hint=f"kernel config update {kind} {name} ... changes it, recreate replaces it.",
        )
    return former


def _make_piece(arguments: argparse.Namespace, folder: PieceFolder, former: Piece | None) -> Path:
    from mlkernel.cli.piece_options import layer_of_options, overrides_of
    from mlkernel.study.pieces.piece_values import piece_values, read_piece_file, without_paths

    kind = arguments.piece_kind
    layers: list[Layer] = []
    known: Mapping[str, Any] = {}
    if former is not None and arguments.action == "update":
        layers.append(without_paths(kind, read_piece_file(kind, former.path), arguments.unset))
        known = layers[0].tree["study"]
    if arguments.source is not None:
        layers.append(read_piece_file(kind, arguments.source))
    layers.append(layer_of_options(kind, arguments, known))
    values = piece_values(kind, layers, overrides_of(kind, arguments))
    _refuse_nothing(kind, values)
    if former is not None and arguments.action == "recreate":
        print(f"the former one is {folder.keep_backup(former)}", file=sys.stderr)
    return folder.write(kind, arguments.piece_name, values)


def _refuse_nothing(kind: str, values: Mapping[str, Any]) -> None:
    """A space without parameters and a model without a trainer say nothing, unlike a study of defaults only."""
    from mlkernel.errors import ConfigError

    if kind == "space" and not values.get("space"):
        raise ConfigError("the space has no parameters", hint="Give them as in 'lr=loguniform(1e-5,1e-2)'.")


def _make_project(arguments: argparse.Namespace, folder: PieceFolder, former: Piece | None) -> Path:
    from mlkernel.study.pieces.project_making import make_project
    from mlkernel.study.pieces.project_snapshot import written_snapshot

    changed = former.path if former is not None and arguments.action == "update" else None
    parts = _parts(arguments, changed)
    path = make_project(folder, arguments.piece_name, parts, imports=not arguments.no_import)
    if warm := written_snapshot(path).tree["study"].get("warm_start"):
        print(
            f"note: the studies {', '.join(warm)} are no part of the project: take them along",
            file=sys.stderr,
        )
    if former is not None:
        latest = folder.backups(former)[-1]
        print(f"the former one is {latest}", file=sys.stderr)
    return path


def _parts(arguments: argparse.Namespace, former: Path | None) -> ProjectParts:
    from mlkernel.errors import UsageError
    from mlkernel.study.pieces.piece_folder import piece_folders
    from mlkernel.study.pieces.piece_kind import KINDS
    from mlkernel.study.pieces.piece_values import named_piece
    from mlkernel.study.pieces.project_making import ProjectParts

    named = {kind: text for kind in KINDS if (text := getattr(arguments, kind)) is not None}
    if "model" not in named and former is None:
        raise UsageError("a project needs a model", hint="Give --model NAME, a piece or a file.")
    folders = piece_folders(arguments.pieces)
    return ProjectParts(
        pieces={kind: named_piece(kind, text, folders) for kind, text in named.items()},
        names=named,
        scripts=arguments.scripts_path,
        overrides=[f"study.{word}" for word in arguments.words],
        former=former,
    )
