"""Dimensions that list their values: categorical, ordinal and fixed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

import attrs
from attrs import frozen

from mlkernel.study.space.dimension import Dimension, value_key, without_repetitions


def _values(given: Any) -> tuple[Any, ...]:
    return tuple(given) if isinstance(given, list | tuple) else ()


@frozen(kw_only=True)
class ValueList(Dimension):
    """Values that are written out; each is equally likely."""

    values: tuple[Any, ...] = attrs.field(converter=_values)
    """JSON values, lists and tables included."""

    @cached_property
    def _places(self) -> dict[str, int]:
        return {value_key(value): place for place, value in enumerate(self.values)}

    def faults(self) -> list[str]:
        """What is wrong with the arguments."""
        if not self.values:
            return ["values must be a list of at least one value"]
        try:
            repeated = len({value_key(value) for value in self.values}) < len(self.values)
        except TypeError as error:
            return [f"values must be plain JSON values: {error}"]
        return ["values must not list a value twice"] if repeated else []

    @property
    def levels(self) -> int:
        """How many different values there are, if they can be counted."""
        return len(self.values)

    def from_unit(self, position: float) -> Any:
        """The value at *position*."""
        return self.values[min(int(position * len(self.values)), len(self.values) - 1)]

    def to_unit(self, value: Any) -> float:
        """The position of *value*."""
        return (self.place(value) + 0.5) / len(self.values)

    def contains(self, value: Any) -> bool:
        """Whether *value* is one of the values."""
        try:
            return value_key(value) in self._places
        except TypeError:
            return False

    def place(self, value: Any) -> int:
        """Position of *value* in the list, from 0."""
        return self._places[value_key(value)]

    def narrowed(self, values: Sequence[Any]) -> Self:
        """The smallest dimension of the same method around *values*."""
        kept = {self.place(value) for value in values}
        return attrs.evolve(self, values=[self.values[place] for place in sorted(kept)])


@frozen(kw_only=True)
class Categorical(ValueList):
    """Values without an order."""

    method: ClassVar[str] = "categorical"
    is_ordered: ClassVar[bool] = False
    grid_search: bool = False
    """Every value is to be tried once for each choice of the others: algorithms other than ``grid`` refuse it."""

    def faults(self) -> list[str]:
        """What is wrong with the arguments."""
        given: Any = self.grid_search
        return super().faults() + ([] if isinstance(given, bool) else ["grid_search must be true or false"])


@frozen(kw_only=True)
class Ordinal(ValueList):
    """Values in their order, equally far apart."""

    method: ClassVar[str] = "ordinal"
    is_even: ClassVar[bool] = True

    def narrowed(self, values: Sequence[Any]) -> Self:
        """The smallest dimension of the same method around *values*."""
        places = sorted(self.place(value) for value in values)
        return attrs.evolve(self, values=self.values[places[0] : places[-1] + 1])


@frozen(kw_only=True)
class Fixed(Dimension):
    """A single value."""

    method: ClassVar[str] = "fixed"
    is_even: ClassVar[bool] = True
    value: Any
    """A JSON value."""

    def faults(self) -> list[str]:
        """What is wrong with the arguments."""
        try:
            value_key(self.value)
        except TypeError as error:
            return [f"value must be a plain JSON value: {error}"]
        return []

    @property
    def levels(self) -> int:
        """How many different values there are, if they can be counted."""
        return 1

    def from_unit(self, position: float) -> Any:
        """The value at *position*."""
        return self.value

    def to_unit(self, value: Any) -> float:
        """The position of *value*."""
        return 0.5

    def contains(self, value: Any) -> bool:
        """Whether *value* is one of the values."""
        try:
            return value_key(value) == value_key(self.value)
        except TypeError:
            return False


def categorical_of(values: Sequence[Any]) -> Categorical:
    """*values* without an order, each once."""
    return Categorical(values=without_repetitions(values))
