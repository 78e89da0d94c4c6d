"""What every dimension of a search space can do.

A dimension is defined by one function, from a position in [0, 1] to a value: drawing the position uniformly draws the
value from the dimension's distribution. Sampling, grids and the unit cube of model-based algorithms all follow from it.
"""

from __future__ import annotations

import json
import math
import random
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any, ClassVar, Self

from attrs import frozen

from mlkernel.errors import ConfigError


@frozen(kw_only=True)
class Dimension(ABC):
    """The values that one parameter may take, and how likely they are."""

    method: ClassVar[str]
    """The name by which it is written, such as ``"loguniform"``."""
    is_ordered: ClassVar[bool] = True
    """Whether neighbouring positions have similar values."""
    is_even: ClassVar[bool] = False
    """Whether its values, if they can be counted, are equally far apart and equally likely."""

    def __attrs_post_init__(self) -> None:
        """Refuse what has no meaning.

        :raises ConfigError: lists everything that is wrong.
        """
        faults = self.faults()
        if faults:
            raise ConfigError("; ".join(faults))

    def faults(self) -> list[str]:
        """What is wrong with the arguments, each with the argument's name."""
        return []

    @property
    @abstractmethod
    def levels(self) -> int | None:
        """How many different values there are; ``None`` when they cannot be counted."""

    @abstractmethod
    def from_unit(self, position: float) -> Any:
        """The value at *position* in [0, 1]; it rises with the position where the dimension is ordered."""

    @abstractmethod
    def to_unit(self, value: Any) -> float:
        """A position in [0, 1] from which :meth:`from_unit` leads back to *value*, which must be contained."""

    @abstractmethod
    def contains(self, value: Any) -> bool:
        """Whether *value* is one of the values; a truth value is no number, and ``1`` is not ``1.0`` for integers."""

    def sample(self, rng: random.Random) -> Any:
        """Draw a value."""
        return self.from_unit(rng.random())

    def grid(self, bins: int | None = None) -> list[Any]:
        """Values for a grid, rising: all of them where they can be counted, else *bins* evenly spread ones.

        The dimension's own ``bins`` goes before the argument, and thins out countable values, too.

        :raises ConfigError: they cannot be counted, and nobody said how many to take.
        """
        own = getattr(self, "bins", None)
        if own is None and self.levels is not None:
            return self.every_value(self.levels)
        wanted = own or bins
        if wanted is None:
            raise ConfigError(
                f"a grid over {self.method} needs a number of values", hint="write bins=5, for example"
            )
        return self.every_value(wanted)

    def every_value(self, count: int) -> list[Any]:
        """Values at *count* evenly spread positions, each value once."""
        return without_repetitions(self.from_unit(position) for position in self.grid_positions(count))

    def grid_positions(self, count: int) -> Sequence[float]:
        """*count* evenly spread positions; both ends are among them unless there is only one."""
        return [0.5] if count == 1 else [index / (count - 1) for index in range(count)]

    def narrowed(self, values: Sequence[Any]) -> Self:
        """The smallest dimension of the same method around *values*; itself where none is smaller."""
        return self


def as_tuple(given: Iterable[Any]) -> tuple[Any, ...]:
    """*given* as a tuple; a converter whose type does not depend on what is given."""
    return tuple(given)


def value_key(value: Any) -> str:
    """Text that is equal for equal JSON values only: ``1``, ``1.0`` and ``true`` differ."""
    if type(value) is str:
        return encode_basestring_ascii(value)  # what json does, without its preparations
    return repr(value) if type(value) is int else json.dumps(value, sort_keys=True)


def without_repetitions(values: Iterable[Any]) -> list[Any]:
    """*values* in their order, each once."""
    return list({value_key(value): value for value in values}.values())


def is_number(value: Any) -> bool:
    """Whether *value* is a finite number, and no truth value."""
    return type(value) in (int, float) and math.isfinite(value)


def number_faults(**arguments: Any) -> list[str]:
    """Which of *arguments* are no finite numbers."""
    return [
        f"{name} must be a finite number, not {value!r}"
        for name, value in arguments.items()
        if not is_number(value)
    ]


def bins_faults(bins: Any) -> list[str]:
    """What is wrong with a number of bins."""
    valid = bins is None or (type(bins) is int and bins >= 1)
    return [] if valid else [f"bins must be a whole number from 1, not {bins!r}"]
