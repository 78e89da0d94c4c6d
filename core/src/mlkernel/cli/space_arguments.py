"""What the option ``--space`` says, however it is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlkernel.errors import UsageError


def space_table(texts: Sequence[str]) -> dict[str, Any]:
    """The space of *texts*, each of which is a parameter, a file or JSON, in the table form.

    :raises UsageError: says what is wrong with one of them.
    """
    from mlkernel.study.space.space_reader import parse_space, read_space_file, read_space_text
    from mlkernel.study.space.table_form import to_table

    tables = [text for text in texts if text.lstrip().startswith("{")]
    files = [_file(text) for text in texts if text not in tables and "=" not in text]
    parameters = [text for text in texts if text not in tables and "=" in text]
    table: dict[str, Any] = {}
    for space in [*map(read_space_file, files), *map(read_space_text, tables)]:
        table |= to_table(space)
    return table | to_table(parse_space(parameters))


def _file(text: str) -> str:
    """*text* if it may be a file.

    :raises UsageError: it is a parameter whose ``=`` was forgotten.
    """
    from mlkernel.study.pieces.piece_folder import SUFFIXES

    if text.lower().endswith(SUFFIXES) or Path(text).is_file():
        return text
    raise UsageError(
        f"--space {text!r} names no file, and as a parameter lacks a =",
        hint="Write NAME=DIMENSION, as in 'lr=loguniform(1e-5,1e-2)'.",
    )
