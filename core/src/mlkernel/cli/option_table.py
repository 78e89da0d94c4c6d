"""The table of options that ``--help`` prints: path, type, default and help, folded to the terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from mlkernel.config.option_rows import OptionRow

WIDEST = (36, 22, 18)
"""Of path, type and default; what is longer is folded."""
NARROWEST_HELP = 30
"""With less room than that, the help goes on lines of its own."""


def option_table(rows: Sequence[OptionRow], width: int) -> str:
    """Format *rows* to lines of at most *width* characters, paths that are longer excepted."""
    cells = [(row.path, row.type_name, default_text(row), _help_text(row)) for row in rows]
    cells.insert(0, ("path", "type", "default", "help"))
    widths = [min(widest, max(len(row[column]) for row in cells)) for column, widest in enumerate(WIDEST)]
    help_width = width - sum(widths) - 2 * len(widths) - 2
    if help_width < NARROWEST_HELP:
        return "\n".join(_stacked(row, width) for row in cells[1:])
    return "\n".join(line for row in cells for line in _folded(row, [*widths, help_width]))


def default_text(row: OptionRow) -> str:
    """The default as one writes it in an override; ``required`` where there is none."""
    return "required" if row.required else value_text(row.default)


def value_text(value: Any) -> str:
    """A plain value on one line: text as it is, anything else as JSON."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _help_text(row: OptionRow) -> str:
    listed = " | ".join(str(choice) for choice in row.choices)
    notes = [row.limits, "" if listed in row.type_name else listed]
    note = ", ".join(note for note in notes if note)
    return f"{row.help} ({note})" if note else row.help


def _folded(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    columns = [
        textwrap.wrap(cell, width, break_long_words=False) or [""]
        for cell, width in zip(cells, widths, strict=True)
    ]
    lines = []
    for parts in zip_longest(*columns, fillvalue=""):
        padded = [part.ljust(width) for part, width in zip(parts, widths, strict=True)]
        lines.append(("  " + "  ".join(padded)).rstrip())
    return lines


def _stacked(cells: Sequence[str], width: int) -> str:
    path, type_name, default, help_text = cells
    head = f"  {path}: {type_name} = {default}"
    body = textwrap.fill(help_text, width, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return f"{head}\n{body}" if help_text else head
