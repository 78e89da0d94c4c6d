"""What is believed of length scales before anything was observed."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from attrs import frozen


class ScalePrior(Protocol):
    """A normal distribution of the logarithm of an inverse squared length scale."""

    def of_logarithms(self, scales: int) -> tuple[float, float]:
        """Its mean and standard deviation, where there are so many length scales."""


class SmoothPrior:
    """The longer, the more parameters there are: functions are as simple as in few dimensions.

    Hvarfner et al., *Vanilla Bayesian Optimization Performs Great in High Dimensions*, ICML 2024, eq. 6.
    """

    def of_logarithms(self, scales: int) -> tuple[float, float]:
        """The length scale's logarithm has the mean √2 + log(scales)/2, and the standard deviation √3."""
        return -2.0 * (np.sqrt(2) + np.log(scales) / 2), 2.0 * np.sqrt(3)


@frozen
class RoughPrior:
    """About half of the cube, in any number of dimensions."""

    mean: float = 1.0
    spread: float = 2.0

    def of_logarithms(self, scales: int) -> tuple[float, float]:
        """The mean and the standard deviation that it was made with."""
        del scales
        return self.mean, self.spread
