"""Append-only files of one JSON object a line, in which a torn last line is no error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of *path*; one that was cut by a crash, at the end, is left out.

    :raises json.JSONDecodeError: a line other than the last is damaged.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield json.loads(line)


def complete_size(path: Path) -> int:
    """Size in bytes of *path* up to the end of its last whole line."""
    if not path.exists():
        return 0
    content = path.read_bytes()
    return content.rfind(b"\n") + 1
