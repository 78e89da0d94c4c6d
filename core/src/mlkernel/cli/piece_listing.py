"""``kernel config list|remove``, and ``kernel config show`` of a piece."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from mlkernel.cli.piece_arguments import add_folder_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlkernel.study.pieces.piece_folder import Piece, PieceFolder

TITLES = ("kind", "name", "changed", "file")


def add_list_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel config list`` takes."""
    parser.add_argument(
        "piece_kind", metavar="KIND", nargs="?", help="study, space, model, launcher or project"
    )
    parser.add_argument(
        "-e", "--expr", metavar="PATTERN", default="*", help="names with wildcards, such as 'mnist*'"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_folder_arguments(parser)


def run_list(arguments: argparse.Namespace) -> int:
    """Print a row for each piece; those of the project folder go before the user's."""
    from mlkernel.cli.printout import format_moment, print_json, print_table
    from mlkernel.study.pieces.piece_kind import KINDS, PROJECT, kind_name

    kinds = [kind_name(arguments.piece_kind)] if arguments.piece_kind else [*KINDS, PROJECT]
    folders = _folders(arguments)
    found = [piece for kind in kinds for folder in folders for piece in folder.pieces(kind, arguments.expr)]
    if arguments.json:
        print_json(
            [
                {"kind": one.kind, "name": one.name, "changed": changed(one), "file": str(one.path)}
                for one in found
            ]
        )
    elif found:
        rows = [[one.kind, one.name, format_moment(changed(one)), str(one.path)] for one in found]
        print_table(TITLES, rows, optional=("changed",))
    else:
        what = arguments.piece_kind or "piece"
        print(f"no {what} in {' or '.join(str(folder.path) for folder in folders)}", file=sys.stderr)
    return 0


def changed(piece: Piece) -> float:
    """When *piece* was written, in seconds since 1970."""
    return piece.path.stat().st_mtime


def add_remove_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``kernel config remove`` takes."""
    parser.add_argument("piece_kind", metavar="KIND", help="study, space, model, launcher or project")
    parser.add_argument(
        "piece_names", metavar="NAME", nargs="+", help="names, with wildcards such as 'mnist*'"
    )
    add_folder_arguments(parser)


def run_remove(arguments: argparse.Namespace) -> int:
    """Remove all pieces that the names match; nothing, if one of the names matches none.

    :raises UnknownNameError: a name matches none.
    """
    from mlkernel.study.pieces.piece_folder import find_piece
    from mlkernel.study.pieces.piece_kind import kind_name

    kind = kind_name(arguments.piece_kind)
    folder = _folders(arguments)[0]
    if not folder.path.is_dir():
        find_piece(kind, arguments.piece_names[0], [folder])
    with folder.changing(kind):
        doomed: dict[str, Piece] = {}
        for name in arguments.piece_names:
            doomed |= {piece.name: piece for piece in _matching(folder, kind, name)}
        for piece in doomed.values():
            folder.remove(piece)
            print(f"removed {piece.path}")
    return 0


def _matching(folder: PieceFolder, kind: str, name: str) -> list[Piece]:
    from mlkernel.errors import UnknownNameError
    from mlkernel.study.pieces.piece_folder import find_piece

    if not any(wildcard in name for wildcard in "*?["):
        return [find_piece(kind, name, [folder])]
    found = folder.pieces(kind, name)
    if not found:
        raise UnknownNameError(
            f"no {kind} in {folder.path} matches {name!r}", hint="kernel config list shows all."
        )
    return found


def run_show(kind_text: str, names: Sequence[str], arguments: argparse.Namespace) -> int:
    """Print a piece: each value with where it is from, or a file that gives it again.

    :raises UsageError: not one name was given.
    """
    from mlkernel.errors import UsageError
    from mlkernel.study.pieces.piece_folder import find_piece
    from mlkernel.study.pieces.piece_kind import kind_name

    kind = kind_name(kind_text)
    if len(names) != 1:
        raise UsageError(
            f"kernel config show {kind} takes one name, not {len(names)}",
            hint=f"kernel config list {kind} shows all.",
        )
    piece = find_piece(kind, names[0], _folders(arguments))
    from mlkernel.cli.piece_text import print_piece

    print_piece(piece, _format(arguments))
    return 0


def _format(arguments: argparse.Namespace) -> str | None:
    return next((name for name in ("json", "toml", "yaml") if getattr(arguments, name)), None)


def _folders(arguments: argparse.Namespace) -> list[PieceFolder]:
    from mlkernel.study.pieces.piece_folder import piece_folders, user_folder

    return [user_folder()] if arguments.user else piece_folders(arguments.pieces)
