"""Quantisation, defined once: the values are the multiples of ``q`` within the bounds."""

from __future__ import annotations

import math
from decimal import Decimal

TOLERANCE = 1e-9
"""A value this close to a multiple, relative to the multiple's number, is meant to be one."""


def first_multiple(low: float, q: float) -> int:
    """The smallest k with ``k * q >= low``."""
    ratio = low / q
    return math.ceil(ratio - TOLERANCE * max(1.0, abs(ratio)))


def last_multiple(high: float, q: float) -> int:
    """The largest k with ``k * q <= high``."""
    ratio = high / q
    return math.floor(ratio + TOLERANCE * max(1.0, abs(ratio)))


def multiple(k: int, q: float) -> float | int:
    """``k * q`` without the noise of binary fractions, so that 3 * 0.1 is 0.3; an int where *q* is one."""
    return k * q if isinstance(q, int) else float(Decimal(repr(q)) * k)


def number_of_multiple(value: float, q: float) -> int | None:
    """The k with ``value == k * q``; ``None`` when there is none."""
    ratio = value / q
    nearest = round(ratio)
    return nearest if abs(ratio - nearest) <= TOLERANCE * max(1.0, abs(ratio)) else None
