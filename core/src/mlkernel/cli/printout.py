"""How reading commands print: coloured on a terminal, whole plain lines into a pipe, JSON when asked."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

BOLD = "1"
COLOURS = {
    "finished": "32",
    "running": "36",
    "pending": "90",
    "stopped": "33",
    "failed": "1;31",
}
"""Escape code of a cell by its text."""


def print_table(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    optional: Sequence[str] = (),
) -> None:
    """Print *rows* beneath *titles*; no cell is cut, whatever the width.

    :param right: titles of the columns that are aligned to the right.
    :param optional: titles of the columns that a narrow terminal does without, the first to go first.
    """
    widths = {title: max(map(len, (title, *cells))) for title, *cells in zip(titles, *rows, strict=True)}
    if sys.stdout.isatty():
        room = shutil.get_terminal_size().columns
        for title in optional:
            if sum(widths.values()) + 2 * (len(widths) - 1) > room:
                del widths[title]
    for number, line in enumerate([titles, *rows]):
        cells = []
        for title, cell in zip(titles, line, strict=True):
            if title in widths:
                padding = " " * (widths[title] - len(cell))
                shown = coloured(cell, COLOURS.get(cell, "") if number else BOLD)
                cells.append(padding + shown if title in right else shown + padding)
        print("  ".join(cells).rstrip())


def print_heading(text: str) -> None:
    """Print the heading of a section, after an empty line."""
    print(f"\n{coloured(text, BOLD)}")


def coloured(text: str, code: str) -> str:
    """Wrap *text* in the escape *code* on a terminal whose user has not refused colours with ``NO_COLOR``."""
    if not code or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{code}m{text}\x1b[0m"


def print_facts(facts: Mapping[str, str]) -> None:
    """Print names and values, one a line, the values beneath each other."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        print(f"  {name.ljust(width)}  {value}".rstrip())


def print_json(value: Any) -> None:
    """Print *value* as JSON; numbers that JSON cannot hold, NaN and the infinities, become null."""
    print(json.dumps(_strict(value), indent=2))


def format_moment(seconds: float | None) -> str:
    """A moment, in seconds since 1970, as local date and time."""
    return "-" if seconds is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def format_setting(value: Any) -> str:
    """A value of a configuration as it may be typed in an override."""
    return value if isinstance(value, str) and value else json.dumps(value)


def _strict(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _strict(item) for name, item in value.items()}
    return [_strict(item) for item in value] if isinstance(value, list | tuple) else value
