"""What a terminal shows after a stream of text and control codes: enough of one to see whether bars are torn."""

from __future__ import annotations

import io
import re

_TOKEN = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


class TerminalScreen(io.StringIO):
    """A screen of unlimited height that folds its lines, as terminals do, when it is made narrower."""

    def __init__(self, width):
        super().__init__()
        self.width = width
        self._lines = [""]
        self._row = 0
        self._column = 0

    def isatty(self):
        return True

    def write(self, text):
        for numbers, command, newline, plain in _TOKEN.findall(text):
            if plain:
                self._put(plain)
            elif newline == "\r":
                self._column = 0
            elif newline == "\n":
                self._row, self._column = self._row + 1, 0
                self._lines += [""] * (self._row + 1 - len(self._lines))
            elif command == "A":
                self._row = max(0, self._row - int(numbers or 1))
            elif command == "K":
                assert numbers == "2"
                self._lines[self._row] = ""
            else:
                assert command in "mhl", f"unknown control code {command}"
        return len(text)

    def narrow(self, width):
        folded = []
        for row, line in enumerate(self._lines):
            pieces = [line[start : start + width] for start in range(0, len(line), width)] or [""]
            folded += pieces
            if row == self._row:
                cursor = len(folded) - 1
        self._lines, self._row, self.width = folded, cursor, width

    @property
    def text(self):
        return "\n".join(line.rstrip() for line in self._lines)

    def _put(self, plain):
        line = self._lines[self._row].ljust(self._column)
        line = line[: self._column] + plain + line[self._column + len(plain) :]
        assert len(line) <= self.width, f"wider than the terminal: {line!r}"
        self._lines[self._row] = line
        self._column += len(plain)
