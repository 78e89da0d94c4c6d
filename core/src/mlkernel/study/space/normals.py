"""Dimensions without bounds: normal and log-normal ones, and their multiples of ``q``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from statistics import NormalDist
from typing import Any, ClassVar

from attrs import frozen

from mlkernel.study.space.dimension import Dimension, bins_faults, is_number, number_faults
from mlkernel.study.space.multiples import multiple, number_of_multiple

OUTERMOST = 1e-12
"""Positions nearer to 0 or 1 than this are taken as this far: at the ends themselves the values are infinite."""
FARTHEST = 8
"""So many standard deviations from the mean lie beyond every position."""
LARGEST_LOGARITHM = 709.0
"""exp of more than this is infinite."""


@frozen(kw_only=True)
class Normal(Dimension):
    """Any number; normal with mean *mu* and standard deviation *sigma*."""

    method: ClassVar[str] = "normal"
    mu: float
    """The mean."""
    sigma: float
    """The standard deviation."""
    bins: int | None = None
    """How many values a grid takes, at evenly spread quantiles."""

    def faults(self) -> list[str]:
        """What is wrong with the arguments."""
        wrong = number_faults(mu=self.mu, sigma=self.sigma) + bins_faults(self.bins)
        if not wrong and self.sigma <= 0:
            wrong.append(f"sigma must be positive, not {self.sigma}")
        return wrong

    @cached_property
    def _distribution(self) -> NormalDist:
        return NormalDist(self.mu, self.sigma)

    @property
    def levels(self) -> int | None:
        """How many different values there are, if they can be counted."""
        return None

    def from_unit(self, position: float) -> Any:
        """The value at *position*."""
        return self._distribution.inv_cdf(min(max(position, OUTERMOST), 1 - OUTERMOST))

    def to_unit(self, value: Any) -> float:
        """The position of *value*."""
        return self._distribution.cdf(value)

    def contains(self, value: Any) -> bool:
        """Whether *value* is one of the values."""
        return is_number(value)

    def grid_positions(self, count: int) -> Sequence[float]:
        """Evenly spread positions, away from both ends."""
        return [(index + 0.5) / count for index in range(count)]


@frozen(kw_only=True)
class LogNormal(Normal):
    """Positive numbers whose natural logarithm is normal with mean *mu* and standard deviation *sigma*."""

    method: ClassVar[str] = "lognormal"

    def faults(self) -> list[str]:
        """What is wrong with the arguments."""
        wrong = super().faults()
        if not wrong and self.mu + FARTHEST * self.sigma > LARGEST_LOGARITHM:
            wrong.append(
                f"exp({self.mu} + {FARTHEST} * {self.sigma}) is too large; mu is the mean of the logarithm"
            )
        return wrong

    def from_unit(self, position: float) -> Any:
        """The value at *position*."""
        return math.exp(super().from_unit(position))

    def to_unit(self, value: Any) -> float:
        """The position of *value*."""
        return self._distribution.cdf(math.log(value)) if value > 0 else 0.0

    def contains(self, value: Any) -> bool:
        """Whether *value* is one of the values."""
        return is_number(value) and value > 0


def _q_faults(q: Any) -> list[str]:
    wrong = number_faults(q=q)
    return wrong or ([] if q > 0 else [f"q must be positive, not {q}"])


@frozen(kw_only=True)
class QNormal(Normal):
    """The multiple of *q* that is nearest to a normal number."""

    method: ClassVar[str] = "qnormal"
    q: float
    """Distance of two neighbouring values; whole numbers result where it is one."""

    def faults(self) -> list[str]:
        """What is wrong with the arguments."""
        return super().faults() + _q_faults(self.q)

    def from_unit(self, position: float) -> Any:
        """The value at *position*."""
        return multiple(round(super().from_unit(position) / self.q), self.q)

    def contains(self, value: Any) -> bool:
        """Whether *value* is one of the values."""
        return is_number(value) and number_of_multiple(value, self.q) is not None


@frozen(kw_only=True)
class QLogNormal(LogNormal):
    """The multiple of *q* that is nearest to a log-normal number; 0 is one of them."""

    method: ClassVar[str] = "qlognormal"
    q: float
    """Distance of two neighbouring values; whole numbers result where it is one."""

    def faults(self) -> list[str]:
        """What is wrong with the arguments."""
        return super().faults() + _q_faults(self.q)

    def from_unit(self, position: float) -> Any:
        """The value at *position*."""
        return multiple(round(super().from_unit(position) / self.q), self.q)

    def contains(self, value: Any) -> bool:
        """Whether *value* is one of the values."""
        return is_number(value) and value >= 0 and number_of_multiple(value, self.q) is not None
