"""How a piece is printed: its values with their origins, or a file that gives it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlkernel.cli.option_table import value_text
from mlkernel.config.files import format_tree
from mlkernel.config.layers import origin_of
from mlkernel.study.engine.study_settings import SECTION
from mlkernel.study.pieces.piece_folder import Piece
from mlkernel.study.pieces.piece_kind import PROJECT
from mlkernel.study.pieces.piece_values import completed_piece, piece_values, read_piece_file
from mlkernel.study.pieces.project_snapshot import written_snapshot


def print_piece(piece: Piece, file_format: str | None) -> None:
    """Print *piece*.

    :param file_format: ``toml``, ``yaml`` or ``json``, without defaults; ``None`` for every value with its origin.
    :raises ConfigError: it is not valid.
    """
    if piece.kind == PROJECT:
        layer = written_snapshot(piece.path)
        about = layer.tree[PROJECT]
        values, origins = dict(layer.tree[SECTION]), dict(layer.origins)
    else:
        about = {}
        values, origins = completed_piece(piece.kind, piece.path)
    if file_format is not None:
        shown = values if about else _said(piece)
        print(format_tree(_without_nulls(shown), Path(f"piece.{file_format}")), end="")
        return
    for key, value in about.items():
        print(f"{key}: {_line(value)}")
    print(_table(values, origins))


def _said(piece: Piece) -> dict[str, Any]:
    return piece_values(piece.kind, [read_piece_file(piece.kind, piece.path)])


def _line(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {entry}" for key, entry in value.items())
    return str(value)


def _table(values: Mapping[str, Any], origins: Mapping[str, str]) -> str:
    rows = [
        (path, value_text(value), origin_of(f"{SECTION}.{path}", origins))
        for key, entry in values.items()
        for path, value in _leaves(entry, key)
    ]
    widths = [min(48, max((len(row[column]) for row in rows), default=0)) for column in (0, 1)]
    return "\n".join(
        f"{path:<{widths[0]}} = {value:<{widths[1]}}  # {origin}" for path, value, origin in rows
    )


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping) or not value:
        yield path, value
        return
    for key, entry in value.items():
        yield from _leaves(entry, f"{path}.{key}")


def _without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
