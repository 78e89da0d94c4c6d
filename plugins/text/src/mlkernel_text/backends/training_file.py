"""Training files: JSON Lines, named by their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def training_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """*rows* as JSON Lines; the same rows give the same bytes."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a training file."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def digest_of(path: Path) -> str:
    """SHA-256 of the file's bytes, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
