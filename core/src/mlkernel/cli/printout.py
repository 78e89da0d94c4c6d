"""How reading commands print: coloured tables on a terminal, whole plain lines into a pipe, JSON when asked.

rich is imported only when there is a terminal to draw on.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

BOLD = "1"
STYLES = {
    "finished": "green",
    "running": "cyan",
    "pending": "bright_black",
    "stopped": "yellow",
    "failed": "bold red",
    "damaged": "bold red",
}
"""Style of a cell by its text."""


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Print *rows* beneath *titles*; nothing is cut, whatever the width.

    :param right: titles of the columns that are aligned to the right.
    """
    if sys.stdout.isatty():
        _print_rich_table(titles, rows, right)
        return
    lines = [titles, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    for line in lines:
        cells = (
            cell.rjust(width) if title in right else cell.ljust(width)
            for cell, width, title in zip(line, widths, titles, strict=True)
        )
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
    return "-" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def format_setting(value: Any) -> str:
    """A value of a configuration as it may be typed in an override."""
    return value if isinstance(value, str) and value else json.dumps(value)


def _print_rich_table(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for title in titles:
        table.add_column(title, justify="right" if title in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    Console().print(table)


def _strict(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _strict(item) for name, item in value.items()}
    return [_strict(item) for item in value] if isinstance(value, list | tuple) else value
