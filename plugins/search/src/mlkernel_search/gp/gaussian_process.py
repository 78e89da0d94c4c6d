"""Gaussian process regression with a stationary kernel and a length scale for each parameter.

Rasmussen and Williams, *Gaussian Processes for Machine Learning* (2006): prediction by eq. 2.23 and 2.24, marginal
likelihood by eq. 5.8, its gradient by eq. 5.9. The mean is a constant. Amplitude and mean are at their best for given
length scales and noise; those are at the mode of their posterior.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from attrs import frozen
from scipy.linalg import cho_solve, cholesky, lapack, solve_triangular
from scipy.optimize import minimize

from mlkernel_search.gp.kernels import Kernel
from mlkernel_search.gp.scale_prior import ScalePrior

Array = npt.NDArray[np.float64]

NOISE = (-10.0, 3.0)
"""Mean and standard deviation of the logarithm of the noise's variance, in units of the amplitude."""
AMPLITUDE = (1.0, 0.5)
"""Shape and scale of the inverse gamma distribution of the amplitude."""
BOUNDS = ((-7.0, 7.0), (-16.0, 1.0))
"""Of the logarithms of inverse squared length scales, and of the noise's variance."""
ITERATIONS = 60


@frozen(kw_only=True, eq=False, slots=False)
class GaussianProcess:
    """A posterior over functions."""

    kernel: Kernel
    features: Array
    """Shape ``(observations, features)``."""
    weights: Array
    """Inverse squared length scale of each feature."""
    noise: float
    """Variance of the noise in units of the amplitude."""
    amplitude: float
    """Variance of the function."""
    mean: float
    factor: Array
    """Lower Cholesky factor of the covariance in units of the amplitude."""
    residual: Array
    """The covariance's inverse times the deviations from the mean."""

    @cached_property
    def believed(self) -> Array:
        """Mean of the function at the observed points, shape ``(observations,)``."""
        return self.predict(self.features)[0]

    @cached_property
    def order(self) -> npt.NDArray[np.intp]:
        """Places of the observations, the lowest first."""
        return np.argsort(self.believed, kind="stable")

    def predict(self, features: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the function, without noise, shape ``(points,)`` each.

        :param features: shape ``(points, features)``.
        """
        across = self.correlation(features, self.features)
        half = solve_triangular(self.factor, across.T, lower=True, check_finite=False)
        variance = np.maximum(1.0 - (half**2).sum(0), 1e-14)
        return self.mean + across @ self.residual, np.sqrt(self.amplitude * variance)

    def predict_with_gradient(self, features: Array) -> tuple[float, float, Array, Array]:
        """Mean and standard deviation at one point, and their gradients by its features.

        :param features: shape ``(features,)``.
        """
        apart = features - self.features
        distances = (apart**2 @ self.weights)[None]
        across = self.kernel.value(distances)[0]
        slopes = 2.0 * self.kernel.slope(distances)[0][:, None] * apart * self.weights
        solved = cho_solve((self.factor, True), across, check_finite=False)
        variance = max(1.0 - float(across @ solved), 1e-14)
        deviation = float(np.sqrt(self.amplitude * variance))
        mean = self.mean + float(across @ self.residual)
        return mean, deviation, self.residual @ slopes, -self.amplitude / deviation * (solved @ slopes)

    def correlation(self, ones: Array, others: Array) -> Array:
        """How much the function at some points has to do with that at others, shape ``(ones, others)``.

        :param ones: shape ``(ones, features)``.
        :param others: shape ``(others, features)``.
        """
        return self.kernel.value(_squared_distances(ones, others, self.weights))

    def believing(self, features: Array) -> GaussianProcess:
        """The process that has seen its own mean at *features*: the kriging believer of Ginsbourger et al. (2010).

        :param features: shape ``(points, features)``.
        """
        believed, _ = self.predict(features)
        told = self.factor @ (self.factor.T @ self.residual)
        return _posterior(
            self.kernel,
            np.concatenate([self.features, features]),
            np.concatenate([told, believed - self.mean]),
            self,
        )


def _posterior(kernel: Kernel, features: Array, deviations: Array, known: GaussianProcess) -> GaussianProcess:
    covariance = kernel.value(_squared_distances(features, features, known.weights))
    covariance[np.diag_indices_from(covariance)] += known.noise
    factor = cholesky(covariance, lower=True, check_finite=False)
    return GaussianProcess(
        kernel=kernel,
        features=features,
        weights=known.weights,
        noise=known.noise,
        amplitude=known.amplitude,
        mean=known.mean,
        factor=factor,
        residual=cho_solve((factor, True), deviations, check_finite=False),
    )


def fit(
    kernel: Kernel, features: Array, owners: npt.NDArray[np.intp], values: Array, prior: ScalePrior
) -> GaussianProcess:
    """The process at the mode of its hyperparameters' posterior.

    :param features: shape ``(observations, features)``.
    :param owners: for each feature, which length scale is its.
    :param values: shape ``(observations,)``, standardised.
    :param prior: of the length scales.
    """
    posterior = HyperPosterior(kernel, features, owners, values, prior)
    best = min(
        (
            minimize(
                posterior.negative_logarithm,
                start,
                jac=True,
                method="L-BFGS-B",
                bounds=posterior.bounds,
                options={"maxiter": ITERATIONS},
            )
            for start in posterior.starts
        ),
        key=lambda found: float(found.fun),
    )
    return posterior.process(best.x)


class HyperPosterior:
    """The posterior of length scales and noise, given values."""

    def __init__(
        self, kernel: Kernel, features: Array, owners: npt.NDArray[np.intp], values: Array, prior: ScalePrior
    ) -> None:
        self.kernel, self.features, self.owners, self.values = kernel, features, owners, values
        self.scales = int(owners.max()) + 1
        apart = (features[:, None, :] - features[None, :, :]) ** 2
        self._distances = np.stack([apart[:, :, owners == scale].sum(-1) for scale in range(self.scales)])
        self._flat = self._distances.reshape(self.scales, -1)
        centre, spread = prior.of_logarithms(self.scales)
        self._centres = np.append(np.full(self.scales, centre), NOISE[0])
        self._spreads = np.append(np.full(self.scales, spread), NOISE[1])

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Of each hyperparameter."""
        return [BOUNDS[0]] * self.scales + [BOUNDS[1]]

    @property
    def starts(self) -> list[Array]:
        """Where to begin: smooth with little noise, and rough with more."""
        return [
            np.append(np.full(self.scales, 0.0), -9.0),
            np.append(np.full(self.scales, 2.5), -5.0),
        ]

    def negative_logarithm(self, hyper: Array) -> tuple[float, Array]:
        """The negative logarithm of the posterior density, and its gradient.

        :param hyper: logarithms of the inverse squared length scales and of the noise.
        """
        weights, noise = np.exp(hyper[:-1]), float(np.exp(hyper[-1]))
        count = len(self.values)
        distances = (weights @ self._flat).reshape(count, count)
        covariance = self.kernel.value(distances)
        covariance[np.diag_indices(count)] += noise
        factor, failed = lapack.dpotrf(covariance, lower=1, clean=1)
        if failed:
            return 1e10, np.zeros_like(hyper)
        inverse, _ = lapack.dpotri(factor, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        _, amplitude, residual, power = self._profile(inverse)
        value = 0.5 * power * np.log(amplitude) + np.log(np.diag(factor)).sum()
        inner = 0.5 * (inverse - np.outer(residual, residual) / amplitude)
        shaped = (inner * self.kernel.slope(distances)).ravel()
        gradient = np.append(weights * (self._flat @ shaped), noise * np.trace(inner))
        prior, slope = self._prior(hyper)
        return float(value) + prior, gradient + slope

    def _profile(self, inverse: Array) -> tuple[float, float, Array, float]:
        """The best mean and amplitude, the solved deviations, and the amplitude's exponent."""
        mean = float(inverse.sum(0) @ self.values) / float(inverse.sum())
        deviations = self.values - mean
        residual = inverse @ deviations
        shape, scale = AMPLITUDE
        power = len(self.values) + 2 * shape + 2
        return mean, (float(deviations @ residual) + 2 * scale) / power, residual, power

    def _prior(self, hyper: Array) -> tuple[float, Array]:
        standard = (hyper - self._centres) / self._spreads
        return 0.5 * float(standard @ standard), standard / self._spreads

    def process(self, hyper: Array) -> GaussianProcess:
        """The process with these hyperparameters."""
        weights, noise = np.exp(hyper[:-1]), float(np.exp(hyper[-1]))
        covariance = self.kernel.value(np.tensordot(weights, self._distances, 1))
        covariance[np.diag_indices_from(covariance)] += noise
        factor = cholesky(covariance, lower=True)
        inverse = cho_solve((factor, True), np.eye(len(self.values)))
        mean, amplitude, residual, _ = self._profile(inverse)
        return GaussianProcess(
            kernel=self.kernel,
            features=self.features,
            weights=weights[self.owners],
            noise=noise,
            amplitude=amplitude,
            mean=mean,
            factor=factor,
            residual=residual,
        )


def _squared_distances(ones: Array, others: Array, weights: Array) -> Array:
    scale = np.sqrt(weights)
    one, other = ones * scale, others * scale
    squares = (one**2).sum(1)[:, None] + (other**2).sum(1)[None] - 2.0 * one @ other.T
    floored: Array = np.maximum(squares, 0.0)
    return floored
