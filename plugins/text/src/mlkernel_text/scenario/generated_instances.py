"""Problems that are made when they are asked for."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import overload

from mlkernel import ConfigError
from mlkernel_text.scenario.scenario import Instance, Split
from mlkernel_text.scenario.stable_random import stable_hash, stable_random

MakeInstance = Callable[[str, random.Random], Instance]
"""Makes a problem from its id and a random generator."""

_MOST_DRAWS = 10_000


def split_of(text: str) -> Split:
    """The split of *text*: eight tenths of all texts are for training, one for validation, one for tests."""
    tenth = stable_hash("split", text) % 10
    if tenth < 8:
        return "train"
    return "validation" if tenth == 8 else "test"


class GeneratedInstances(Sequence[Instance]):
    """The problems of one split; each is made when it is first asked for and depends on nothing but its index.

    Splits are disjoint by what their problems say and not by their numbers: a stable hash of the text
    decides where a problem belongs, and one that belongs elsewhere is drawn anew.

    :param make: makes a problem.
    :param key: the text by which two problems are the same; ``None`` if *make* keeps to the split by itself.
    :param purpose: the parts from which randomness is derived, such as seed and name.
    """

    def __init__(
        self,
        make: MakeInstance,
        key: Callable[[Instance], str] | None,
        *,
        split: Split,
        size: int,
        purpose: tuple[str | int, ...],
    ) -> None:
        self._make = make
        self._key = key
        self._split: Split = split
        self._size = size
        self._purpose = purpose
        self._made: dict[int, Instance] = {}

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Instance: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Instance]: ...
    def __getitem__(self, index: int | slice) -> Instance | Sequence[Instance]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(self._size))]
        position = range(self._size)[index]
        if position not in self._made:
            self._made[position] = self._draw(position)
        return self._made[position]

    def _draw(self, position: int) -> Instance:
        random = stable_random(*self._purpose, self._split, position)
        for _ in range(_MOST_DRAWS):
            instance = self._make(f"{self._split}-{position}", random)
            if self._key is None or split_of(self._key(instance)) == self._split:
                return instance
        raise ConfigError(
            f"no problem of the split {self._split!r} was found in {_MOST_DRAWS} draws",
            hint="There are too few different problems; choose larger ones, such as more digits.",
        )
