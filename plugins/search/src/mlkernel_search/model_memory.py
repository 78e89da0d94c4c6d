"""What a model is fitted to when the history is long: the newest observations, and the best of the older ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from mlkernel_search.pareto import domination_ranks

Entry = TypeVar("Entry")


class ModelMemory(Generic[Entry]):
    """Keeps a bounded number of entries; which ones, depends on the entries and their order only.

    :param newest: at least so many of the newest entries are kept, and fewer than twice as many.
    :param best: so many of those before them are kept.
    :param losses: of an entry; ``None`` for a failed one.
    """

    def __init__(self, newest: int, best: int, losses: Callable[[Entry], Sequence[float] | None]) -> None:
        self._newest, self._best, self._losses = newest, best, losses
        self._kept: list[Entry] = []
        self._recent: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Take in one more entry."""
        self._recent.append(entry)
        if len(self._recent) == 2 * self._newest:
            self._kept = self._best_of(self._kept + self._recent[: self._newest])
            self._recent = self._recent[self._newest :]

    @property
    def entries(self) -> list[Entry]:
        """What is kept, the best older ones first."""
        return self._kept + self._recent

    def _best_of(self, entries: list[Entry]) -> list[Entry]:
        known = [(losses, entry) for entry in entries if (losses := self._losses(entry)) is not None]
        ranks = domination_ranks([losses for losses, _ in known])
        order = sorted(range(len(known)), key=lambda place: (ranks[place], place))
        return [known[place][1] for place in sorted(order[: self._best])]
