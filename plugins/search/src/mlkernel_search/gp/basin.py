"""A region around a minimum, which a search may leave alone once it expects no more there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from attrs import frozen

from mlkernel_search.gp.gaussian_process import GaussianProcess

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

CORRELATION = 0.05
"""With the minimum, above which a point belongs to its basin."""


@frozen(kw_only=True, eq=False)
class Basin:
    """The points whose losses have to do with that at a minimum."""

    process: GaussianProcess
    centre: Array
    """Features of the minimum."""

    @classmethod
    def lowest(cls, process: GaussianProcess) -> Basin:
        """The basin of the observation that *process* believes to be the best."""
        return cls(process=process, centre=process.features[process.order[0]])

    def contains(self, features: Array) -> Mask:
        """Which points, shape ``(points, features)``, belong to it."""
        inside: Mask = np.asarray(self.process.correlation(features, self.centre[None])[:, 0] >= CORRELATION)
        return inside
