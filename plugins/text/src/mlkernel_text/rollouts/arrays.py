"""The arrays of rollouts: numbers, truth values, and texts that may be missing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

TEXT = np.dtypes.StringDType(na_object=None)
"""Texts of any length, with ``None`` where there is none."""


def as_array(value: Any) -> Array:
    """*value* as an array of numbers, truth values or texts.

    :raises TypeError: it holds anything else.
    """
    array = value if isinstance(value, np.ndarray) else _from_python(value)
    if array.dtype.kind in "biuf" or array.dtype == TEXT:
        return array
    if array.dtype.kind in "UTO":
        objects = array.astype(object)
        strange = next((item for item in objects.flat if not isinstance(item, str | None)), None)
        if strange is None:
            return objects.astype(TEXT)
        raise TypeError(
            f"arrays hold numbers, truth values or texts, not {type(strange).__name__}: {strange!r:.80}"
        )
    raise TypeError(f"arrays hold numbers, truth values or texts, not {array.dtype}")


def _from_python(value: Any) -> Array:
    array = np.asarray(value)
    # NumPy makes texts of numbers that stand between texts, and one length of all texts.
    return np.asarray(value, dtype=object) if array.dtype.kind == "U" else array


def zero_of(array: Array) -> Any:
    """What an array of this dtype has where there is nothing."""
    return None if array.dtype == TEXT else array.dtype.type(0)


def same_arrays(one: Array, other: Array) -> bool:
    """Whether shapes, dtypes and values are equal; two values that are no number are."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype == TEXT:
        return bool(one.tolist() == other.tolist())
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
