"""What the parsers of the file formats answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen


@frozen(kw_only=True)
class Misplaced:
    """Something that the format allows and a configuration does not."""

    path: str
    message: str
    line: int


@frozen(kw_only=True)
class ParsedText:
    """The values of a file and where they stand; lines count from 1."""

    tree: Any
    lines: Mapping[str, int] = field(factory=dict)
    """Path of a value, such as ``trainer.layers[1]`` → the line of its key."""
    misplaced: tuple[Misplaced, ...] = ()


class SyntaxFault(Exception):  # noqa: N818 - a fault of the text; "SyntaxError" is Python's own
    """The text is not of its format; line and column count from 1, and 0 means that they are not known."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
