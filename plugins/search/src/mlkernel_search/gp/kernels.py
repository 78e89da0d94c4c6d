"""Stationary kernels of unit variance, as functions of the squared distance in length scales.

Rasmussen and Williams, *Gaussian Processes for Machine Learning* (2006), eq. 4.9 and 4.17.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Kernel(Protocol):
    """How much two values have to do with each other."""

    def value(self, squares: Array) -> Array:
        """Their correlation at squared distances."""

    def slope(self, squares: Array) -> Array:
        """The derivative of the correlation by the squared distance."""


class SquaredExponential:
    """Of infinitely smooth functions."""

    def value(self, squares: Array) -> Array:
        """exp(-s/2)."""
        return np.exp(-0.5 * squares)

    def slope(self, squares: Array) -> Array:
        """-exp(-s/2) / 2."""
        return -0.5 * np.exp(-0.5 * squares)


class Matern52:
    """Of functions that can be differentiated twice."""

    def value(self, squares: Array) -> Array:
        """(1 + √(5s) + 5s/3) exp(-√(5s))."""
        root = np.sqrt(5.0 * squares)
        return (1.0 + root + 5.0 / 3.0 * squares) * np.exp(-root)

    def slope(self, squares: Array) -> Array:
        """-5/6 (1 + √(5s)) exp(-√(5s))."""
        root = np.sqrt(5.0 * squares)
        return -5.0 / 6.0 * (1.0 + root) * np.exp(-root)
