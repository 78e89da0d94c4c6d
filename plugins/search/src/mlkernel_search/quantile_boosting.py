"""Gradient boosting that predicts its own uncertainty, for scikit-optimize.

Scikit-optimize has such an estimator, which today's versions of scikit-learn and numpy refuse.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import GradientBoostingRegressor

Array = NDArray[np.float64]
QUANTILES = (0.16, 0.5, 0.84)
"""One standard deviation below the median of a normal distribution, the median, and one above."""


class QuantileBoosting(RegressorMixin, BaseEstimator):  # type: ignore[misc] # sklearn has no types
    """Three boosted regressions on quantiles.

    :param trees: of each.
    :param random_state: seed of all of them.
    """

    def __init__(self, trees: int = 30, random_state: int | None = None) -> None:
        self.trees = trees
        self.random_state = random_state

    def fit(self, x: Array, y: Array) -> Self:
        """Fit to *x* (trials x coordinates) and *y* (trials)."""
        self.fitted_ = [
            GradientBoostingRegressor(
                loss="quantile", alpha=quantile, n_estimators=self.trees, random_state=self.random_state
            ).fit(x, y)
            for quantile in QUANTILES
        ]
        return self

    def predict(self, x: Array, return_std: bool = False) -> Any:
        """Medians at *x*; with *return_std*, half the distance of the outer quantiles as well."""
        low, median, high = (fitted.predict(x) for fitted in self.fitted_)
        return (median, np.maximum(high - low, 0.0) / 2) if return_std else median
