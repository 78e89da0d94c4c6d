"""What a follower and its tracker's library say, without secrets, in a file beside the run."""

from __future__ import annotations

import sys
import time
from io import TextIOBase
from pathlib import Path

from mlkernel.records.redaction import Redactor


class FollowerLog(TextIOBase):
    """Appends lines to a file; also stands in for standard output and standard error, where libraries print.

    What cannot be written, on a full disk, is lost: a follower has nobody to tell.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._redactor = Redactor()
        self._line = ""

    def say(self, text: str) -> None:
        """Add a line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.write(f"{moment} {text}\n")

    def write(self, text: str) -> int:
        """Add text; a line is written when it is whole, since half a secret would not be found."""
        *lines, self._line = (self._line + text).split("\n")
        if lines:
            clean = "".join(f"{self._redactor.text(line)}\n" for line in lines)
            try:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(clean)
            except OSError:
                return len(text)
        return len(text)

    def writable(self) -> bool:
        """As libraries ask."""
        return True

    def take_over_output(self) -> None:
        """Let everything that Python code of this process prints go here."""
        sys.stdout = sys.stderr = self
