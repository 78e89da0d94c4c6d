"""Losses on a scale on which they look like draws of a Gaussian process."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

TAIL = 3.0
"""Deviations above which losses grow by their logarithm only: how bad a bad trial is tells nothing of the good ones."""


def standardised(losses: Array) -> Array:
    """*losses* with mean 0 and variance 1, the tail of the worst ones drawn in."""
    middle = float(np.median(losses))
    below = middle - losses[losses <= middle]
    spread = max(float(np.sqrt(np.mean(below**2))), 1e-12 * max(1.0, abs(middle)))
    z = (losses - middle) / spread
    z = np.where(z > TAIL, TAIL + np.log1p(np.maximum(z - TAIL, 0.0)), z)
    deviations: Array = z - z.mean()
    return deviations / max(float(z.std()), 1e-12)
