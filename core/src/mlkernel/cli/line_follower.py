"""Reads the lines that are appended to a file, one call after the other."""

from __future__ import annotations

import os
from pathlib import Path


class LineFollower:
    """Gives every line once, and only when it is whole.

    A resumed run cuts its metrics back to its last checkpoint: then reading goes on at the new end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def new_lines(self) -> list[str]:
        """The lines that were completed since the last call; none while the file does not exist."""
        try:
            with self._path.open("rb") as file:
                if file.seek(0, os.SEEK_END) < self._position:
                    self._position = file.tell()
                file.seek(max(0, self._position - 1))
                content = file.read()
        except FileNotFoundError:
            return []
        if self._position > 0:
            # Cut back and grown again between two calls, the file may have no end of line where it had one before.
            behind = content.find(b"\n") + 1
            self._position += max(0, behind - 1)
            content = content[behind:] if behind else b""
        whole = content[: content.rfind(b"\n") + 1]
        self._position += len(whole)
        return whole.decode("utf-8", errors="replace").split("\n")[:-1]
