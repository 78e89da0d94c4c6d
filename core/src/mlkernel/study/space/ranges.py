"""Dimensions between two bounds, both of which are values: uniform, whole-number, quantised and logarithmic ones."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import attrs
from attrs import frozen

from mlkernel.study.space.dimension import Dimension, bins_faults, is_number, number_faults
from mlkernel.study.space.multiples import first_multiple, last_multiple, multiple, number_of_multiple


@frozen(kw_only=True)
class Range(Dimension):
    """Numbers from *low* to *high*, both included."""

    low: float
    """Smallest value, whatever the scale: bounds are never logarithms."""
    high: float
    """Largest value."""
    bins: int | None = None
    """How many of the values a grid takes."""

    def faults(self) -> list[str]:
        """What is wrong with the arguments."""
        wrong = number_faults(low=self.low, high=self.high) + bins_faults(self.bins)
        if not wrong and self.low > self.high:
            wrong.append(f"low must not exceed high ({self.low} > {self.high})")
        return wrong

    @property
    def levels(self) -> int | None:
        """How many different values there are, if they can be counted."""
        return 1 if self.low == self.high else None

    def contains(self, value: Any) -> bool:
        """Whether *value* is one of the values."""
        return is_number(value) and self.low <= value <= self.high

    def narrowed(self, values: Sequence[Any]) -> Self:
        """The smallest dimension of the same method around *values*."""
        return attrs.evolve(self, low=min(values), high=max(values))


@frozen(kw_only=True)
class Uniform(Range):
    """Any number, each equally likely."""

    method: ClassVar[str] = "uniform"

    def from_unit(self, position: float) -> float:
        """The value at *position*."""
        return within(self.low * (1 - position) + self.high * position, self.low, self.high)

    def to_unit(self, value: Any) -> float:
        """The position of *value*."""
        span = self.high / 2 - self.low / 2  # halves, since the difference may exceed the largest number
        return 0.5 if span == 0 else within((value / 2 - self.low / 2) / span, 0.0, 1.0)


@frozen(kw_only=True)
class LogUniform(Range):
    """Any number; its logarithm, to whatever base, is uniform."""

    method: ClassVar[str] = "loguniform"

    def faults(self) -> list[str]:
        """What is wrong with the arguments."""
        return super().faults() or positive_faults(self.low)

    def from_unit(self, position: float) -> float:
        """The value at *position*."""
        return log_value(position, self.low, self.high)

    def to_unit(self, value: Any) -> float:
        """The position of *value*."""
        return log_position(value, self.low, self.high)


@frozen(kw_only=True)
class UniformInt(Range):
    """Whole numbers, each equally likely, both bounds included."""

    method: ClassVar[str] = "uniformint"
    is_even: ClassVar[bool] = True
    low: int
    high: int

    def faults(self) -> list[str]:
        """What is wrong with the arguments."""
        return super().faults() or [
            f"{name} must be a whole number, not {value!r}"
            for name, value in (("low", self.low), ("high", self.high))
            if type(value) is not int
        ]

    @property
    def levels(self) -> int:
        """How many different values there are, if they can be counted."""
        return self.high - self.low + 1

    def from_unit(self, position: float) -> int:
        """The value at *position*."""
        return self.low + min(int(position * self.levels), self.levels - 1)

    def to_unit(self, value: Any) -> float:
        """The position of *value*."""
        return float((value - self.low + 0.5) / self.levels)

    def contains(self, value: Any) -> bool:
        """Whether *value* is one of the values."""
        return type(value) is int and self.low <= value <= self.high


@frozen(kw_only=True)
class QuantisedRange(Range):
    """The multiples of *q* from *low* to *high*."""

    q: float
    """Distance of two neighbouring values; whole numbers result where it is one."""

    def faults(self) -> list[str]:
        """What is wrong with the arguments."""
        wrong = super().faults() + number_faults(q=self.q)
        if not wrong and self.q <= 0:
            wrong.append(f"q must be positive, not {self.q}")
        if not wrong and self._first > self._last:
            wrong.append(f"no multiple of {self.q} lies between {self.low} and {self.high}")
        return wrong

    @property
    def _first(self) -> int:
        return first_multiple(self.low, self.q)

    @property
    def _last(self) -> int:
        return last_multiple(self.high, self.q)

    @property
    def levels(self) -> int:
        """How many different values there are, if they can be counted."""
        return self._last - self._first + 1

    @abstractmethod
    def from_unit(self, position: float) -> Any:
        """The value at *position*."""

    def contains(self, value: Any) -> bool:
        """Whether *value* is one of the values."""
        if not is_number(value):
            return False
        k = number_of_multiple(value, self.q)
        return k is not None and self._first <= k <= self._last

    def every_value(self, count: int) -> list[Any]:
        """*count* evenly spread values; all of them where there are no more."""
        if count < self.levels:
            return super().every_value(count)
        return [multiple(k, self.q) for k in range(self._first, self._last + 1)]


@frozen(kw_only=True)
class QUniform(QuantisedRange):
    """Multiples of *q*, each equally likely."""

    method: ClassVar[str] = "quniform"
    is_even: ClassVar[bool] = True

    def from_unit(self, position: float) -> Any:
        """The value at *position*."""
        return multiple(self._first + min(int(position * self.levels), self.levels - 1), self.q)

    def to_unit(self, value: Any) -> float:
        """The position of *value*."""
        return float((round(value / self.q) - self._first + 0.5) / self.levels)


@frozen(kw_only=True)
class QLogUniform(QuantisedRange):
    """The multiple of *q* that is nearest to a log-uniform number."""

    method: ClassVar[str] = "qloguniform"

    def faults(self) -> list[str]:
        """What is wrong with the arguments."""
        return super().faults() or positive_faults(self.low)

    def from_unit(self, position: float) -> Any:
        """The value at *position*."""
        k = round(log_value(position, self.low, self.high) / self.q)
        return multiple(min(max(k, self._first), self._last), self.q)

    def to_unit(self, value: Any) -> float:
        """The position of *value*."""
        return log_position(value, self.low, self.high)


def within(value: float, low: float, high: float) -> float:
    """*value*, or the bound that it exceeds."""
    return float(min(max(value, low), high))


def positive_faults(low: float) -> list[str]:
    """A logarithm needs a positive lower bound."""
    return (
        [] if low > 0 else [f"low must be positive, not {low}: bounds are values and no logarithms of them"]
    )


def log_value(position: float, low: float, high: float) -> float:
    """The number at *position* between two positive bounds, on a logarithmic scale; exact at both ends."""
    if position <= 0:
        return float(low)
    if position >= 1:
        return float(high)
    return within(math.exp(math.log(low) * (1 - position) + math.log(high) * position), low, high)


def log_position(value: float, low: float, high: float) -> float:
    """The inverse of :func:`log_value`."""
    span = math.log(high) - math.log(low)
    return 0.5 if span == 0 else within((math.log(value) - math.log(low)) / span, 0.0, 1.0)
