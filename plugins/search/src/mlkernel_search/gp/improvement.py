"""The logarithm of the expected improvement, and its gradient.

Ament et al., *Unexpected Improvements to Expected Improvement for Bayesian Optimization*, NeurIPS 2023, eq. 8 and 9:
where the improvement itself is rounded to 0, its logarithm still tells the way.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import erfcx, log_ndtr

from mlkernel_search.gp.gaussian_process import GaussianProcess

Array = npt.NDArray[np.float64]

FAR = -1.0
"""Deviations below which the difference of nearly equal numbers is computed by logarithms."""


class LogImprovement:
    """What a point is expected to gain on the lowest value that the process believes to have been observed."""

    def __init__(self, process: GaussianProcess) -> None:
        self.process = process
        self.best = float(process.believed.min())

    def __call__(self, features: Array) -> Array:
        """The logarithms for points, shape ``(points, features)``."""
        mean, deviation = self.process.predict(features)
        return np.log(deviation) + log_h((self.best - mean) / deviation)

    def with_gradient(self, features: Array) -> tuple[float, Array]:
        """The logarithm for one point, and its gradient by the features."""
        mean, deviation, mean_slope, deviation_slope = self.process.predict_with_gradient(features)
        z = (self.best - mean) / deviation
        logarithm = float(log_h(np.array([z]))[0])
        chance = float(np.exp(log_ndtr(z) - logarithm))
        z_slope = -(mean_slope + z * deviation_slope) / deviation
        return float(np.log(deviation)) + logarithm, deviation_slope / deviation + chance * z_slope


def log_h(z: Array) -> Array:
    """log(φ(z) + z Φ(z)), without loss of digits."""
    near = np.maximum(z, FAR)
    density = np.exp(-0.5 * near**2) / np.sqrt(2 * np.pi)
    direct = np.log(density + near * np.exp(log_ndtr(near)))
    far = np.minimum(z, FAR)
    # Φ(z) = φ(z) √(π/2) erfcx(-z/√2)
    ratio = -far * np.sqrt(np.pi / 2) * erfcx(-far / np.sqrt(2))
    by_logarithms = -0.5 * far**2 - 0.5 * np.log(2 * np.pi) + np.log1p(-np.minimum(ratio, 1 - 1e-16))
    logarithm: Array = np.where(z > FAR, direct, by_logarithms)
    return logarithm
