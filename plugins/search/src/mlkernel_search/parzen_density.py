"""Optuna's Parzen estimator, with its normal distributions from SciPy: Optuna has them in Python, far slower."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from optuna.samplers._tpe.probability_distributions import (
    _BatchedCategoricalDistributions,
    _BatchedDiscreteTruncNormDistributions,
    _BatchedTruncNormDistributions,
)
from scipy.special import log_ndtr, ndtri_exp

Array = NDArray[np.float64]
Kernels = _BatchedTruncNormDistributions | _BatchedDiscreteTruncNormDistributions
_LOG_ROOT = 0.5 * np.log(2 * np.pi)


class ParzenDensity(_ParzenEstimator):
    """The same density and, but for rounding, the same draws; of categories and of ranges that are not logarithmic."""

    def sample(self, rng: np.random.RandomState, size: int) -> dict[str, Array]:
        """Draw *size* points, in which *rng* is used as the parent uses it.

        :returns: an array of shape (size,) for each parameter.
        """
        weights, distributions = self._mixture_distribution
        chosen = rng.choice(len(weights), p=weights, size=size)
        drawn: dict[str, Array] = {}
        ranges: dict[str, Kernels] = {}
        for name, one in zip(self._search_space, distributions, strict=True):
            if isinstance(one, _BatchedCategoricalDistributions):
                steps = np.cumsum(one.weights[chosen], axis=-1)
                steps[:, -1] = 1
                drawn[name] = np.sum(steps < rng.rand(size)[:, None], axis=-1).astype(float)
            else:
                assert isinstance(one, Kernels), "Encoding declares no logarithmic ranges"
                ranges[name] = one
        quantiles = rng.uniform(size=(len(ranges), size)) if ranges else ()
        for (name, kernels), quantile in zip(ranges.items(), quantiles, strict=True):
            drawn[name] = _drawn(kernels, chosen, quantile)
        return drawn

    def log_pdf(self, samples_dict: Mapping[str, Array]) -> Array:
        """Logarithm of the density, up to nothing: what the parent computes.

        :param samples_dict: an array of shape (points,) for each parameter.
        :returns: an array of shape (points,).
        """
        weights, distributions = self._mixture_distribution
        total = np.log(weights)[None]
        for name, one in zip(self._search_space, distributions, strict=True):
            values = samples_dict[name]
            if isinstance(one, _BatchedCategoricalDistributions):
                total = total + np.log(one.weights[:, values.astype(int)].T)
            else:
                assert isinstance(one, Kernels), "Encoding declares no logarithmic ranges"
                total = total + _log_density(one, values)
        highest = total.max(axis=1)
        found: Array = np.log(np.exp(total - highest[:, None]).sum(axis=1)) + highest
        return found


def _drawn(kernels: Kernels, chosen: NDArray[np.int64], quantile: Array) -> Array:
    """Values of the *chosen* kernels, truncated to their range."""
    mu, sigma = kernels.mu[chosen], kernels.sigma[chosen]
    low, high = (kernels.adapted_low - mu) / sigma, (kernels.adapted_high - mu) / sigma
    # In the right half everything is mirrored: the left tail is where logarithms of probabilities are exact.
    is_right = low >= 0
    tail = np.where(is_right, -high, low)
    share = np.where(is_right, np.log1p(-quantile), np.log(quantile))
    found = ndtri_exp(np.logaddexp(log_ndtr(tail), share + _log_mass(low, high)))
    values: Array = np.where(is_right, -found, found) * sigma + mu
    if isinstance(kernels, _BatchedDiscreteTruncNormDistributions):
        values = kernels.low + np.round((values - kernels.low) / kernels.step) * kernels.step
    return np.clip(values, kernels.low, kernels.high)


def _log_density(kernels: Kernels, values: Array) -> Array:
    """Logarithms of shape (values, kernels)."""
    mu, sigma = kernels.mu, kernels.sigma
    whole = _log_mass((kernels.adapted_low - mu) / sigma, (kernels.adapted_high - mu) / sigma)
    if isinstance(kernels, _BatchedDiscreteTruncNormDistributions):
        levels, places = np.unique(values, return_inverse=True)
        left = (levels[:, None] - kernels.step / 2 - mu) / sigma
        cells: Array = _log_mass(left, left + kernels.step / sigma) - whole
        return cells[places]
    distance = (values[:, None] - mu) / sigma
    density: Array = -0.5 * distance**2 - (_LOG_ROOT + np.log(sigma) + whole)
    return density


def _log_mass(low: Array, high: Array) -> Array:
    """Logarithm of the probability that a standard normal variable lies between *low* and *high*."""
    is_right = low > 0
    below, above = log_ndtr(np.where(is_right, -high, low)), log_ndtr(np.where(is_right, -low, high))
    mass: Array = above + np.log1p(-np.exp(below - above))
    return mass
