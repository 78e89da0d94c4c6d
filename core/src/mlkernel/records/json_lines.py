"""Append-only files of one JSON object a line, in which a torn last line is no error."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any

from mlkernel.errors import UsageError


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of *path*; one that was cut by a crash, at the end, is left out.

    :raises UsageError: a line other than the last is damaged; the message names it.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                record = json.loads(line)
            except ValueError as error:
                raise UsageError(
                    f"{path}:{number} is damaged: {error}",
                    hint="Restore the file from a backup, or remove the line.",
                ) from error
            yield record


def complete_size(path: Path) -> int:
    """Size in bytes of *path* up to the end of its last whole line."""
    if not path.exists():
        return 0
    content = path.read_bytes()
    return content.rfind(b"\n") + 1


def append_whole(file: FileIO, content: bytes) -> None:
    """Append all of *content* to an unbuffered file, or nothing: half a line would be glued to the next one.

    :raises OSError: the disk is full or not writable; the file is as it was.
    """
    size = os.fstat(file.fileno()).st_size
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        file.truncate(size)
        raise
