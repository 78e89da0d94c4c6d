"""Records of which only those that are to be sent next are in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import islice

from attrs import define

from mlkernel.tracker.source import Position
from mlkernel.tracker.tracker import TrackedRecord


@define
class Shelf:
    """Room for records, which the runs of a study share.

    :param left: how many more there is room for.
    """

    left: int


class RecordWindow(ABC):
    """Records that come one after the other; what is not in memory any more, or was never, is read again.

    A position that is asked for says that everything before it was handed on.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._held: list[TrackedRecord] = []
        self.count = 0
        """How many there are, wherever they are."""

    @property
    def is_empty(self) -> bool:
        """Whether there is none yet."""
        return self.count == 0

    def read(self, position: Position, limit: int) -> tuple[list[TrackedRecord], Position]:
        """Those after *position*."""
        start = position.records
        self._let_go(start)
        if self._held and self._held[0].number == start:
            found = self._held[:limit]
        else:
            found = list(islice(self.again(start), max(0, min(limit, self.count - start))))
        return found, Position(records=start + len(found))

    def holds(self, position: Position) -> bool:
        """Whether there are so many: none is ever taken back."""
        return position.records <= self.count

    def behind(self, records: int) -> Position | None:
        """After the first *records*."""
        return Position(records=records) if records <= self.count else None

    def close(self) -> None:
        """Let go of everything, and hold nothing any more."""
        self._let_go(self.count)
        self._shelf = Shelf(0)

    @abstractmethod
    def again(self, start: int) -> Iterator[TrackedRecord]:
        """The records from the number *start* on, from where they came."""

    def append(self, record: TrackedRecord) -> None:
        """Add the next one."""
        follows = not self._held or self._held[-1].number + 1 == record.number
        if follows and self._shelf.left:
            self._held.append(record)
            self._shelf.left -= 1
        self.count += 1

    def _let_go(self, until: int) -> None:
        gone = min(len(self._held), max(0, until - self._held[0].number)) if self._held else 0
        del self._held[:gone]
        self._shelf.left += gone
