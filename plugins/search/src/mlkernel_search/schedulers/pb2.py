"""Population-based bandits: a Gaussian process proposes what a trial tries with another's checkpoint.

Parker-Holder et al., *Provably Efficient Online Hyperparameter Optimization with Population-Based Bandits*, NeurIPS
2020, algorithm 1, with the time-varying kernel of its section 4.
"""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, Kernel, Matern, WhiteKernel

from mlkernel import Curve, Curves, SearchProblem
from mlkernel_search.schedulers.configs import Pb2Config
from mlkernel_search.schedulers.population import PopulationScheduler, source_of
from mlkernel_search.schedulers.standing import has_left

Array = NDArray[np.float64]
ASIDE = 1e6
"""Length scale of a coordinate that a factor of the kernel leaves aside."""
ENOUGH = 3
"""Observations that the process is asked with."""


class Pb2Scheduler(PopulationScheduler):
    """Whoever copies a checkpoint tries the point of the largest upper confidence bound of the next improvement.

    The process learns from the intervals that the population's trials trained with the points that they have: those
    since a trial last copied a checkpoint. Points that others began the same interval with count as seen, with the
    improvement that the process expects of them, so that no two try the same.

    :raises ConfigError: the problem has no ``max_step``, or several objectives, or the options do not fit it.
    """

    def __init__(self, problem: SearchProblem, config: Pb2Config | None = None) -> None:
        self._options = config or Pb2Config()
        super().__init__(problem, self._options, "pb2")

    def explore(
        self, curves: Curves, source: Curve, members: Sequence[int], rng: random.Random
    ) -> dict[str, Any]:
        """The most promising of random points, in which those parameters that are kept stay as they are."""
        candidates = [self._candidate(source, rng) for _ in range(self._options.candidates)]
        inputs, improvements = self._observations(curves, members)
        if len(inputs) < ENOUGH:
            return candidates[0]
        now = source.points[-1]
        process = Process(inputs, self._options.forgetting).fit(inputs, improvements)
        begun = [
            self._input(now.step, now.loss, curves[trial].parameters)
            for trial in members
            if has_left(curves[trial], now.step) and self.problem.space.contains(curves[trial].parameters)
        ]
        if begun:
            expected, _ = process.predict(np.array(begun))
            process.add(np.vstack([inputs, begun]), np.append(improvements, expected))
        positions = np.array([self._input(now.step, now.loss, point) for point in candidates])
        mean, deviation = process.predict(positions)
        return candidates[int(np.argmax(mean + self._options.confidence * deviation))]

    def _candidate(self, source: Curve, rng: random.Random) -> dict[str, Any]:
        kept = {name: source.parameters[name] for name in self.options.keep if name in source.parameters}
        return self.problem.space.sample(rng, kept)

    def _input(self, step: float, loss: float, point: Mapping[str, Any]) -> list[float]:
        """Time in intervals, the loss before, and the position in the unit cube."""
        return [step / self.options.interval, loss, *self.problem.space.to_unit(point)]

    def _observations(self, curves: Curves, members: Sequence[int]) -> tuple[Array, Array]:
        """What the intervals began with, and by how much they lowered the loss."""
        seen: dict[int, list[tuple[list[float], float]]] = {trial: [] for trial in members}
        for place, step in enumerate(self.steps[:-1]):
            before, after = self.ladder.rungs[place], self.ladder.rungs[place + 1]
            order = self.order(curves, members, step)
            for trial in order:
                if not has_left(curves[trial], step):
                    continue
                source = source_of(trial, order, self.options, self.randomness(trial, step))
                if source is not None:
                    seen[trial].clear()  # what it tried until then is not known any more
                if trial in after and self.problem.space.contains(curves[trial].parameters):
                    loss, _ = before.entry(trial if source is None else source)
                    began = self._input(step, loss, curves[trial].parameters)
                    seen[trial].append((began, loss - after.entry(trial)[0]))
        pairs = [pair for trial in members for pair in seen[trial]]
        return np.array([began for began, _ in pairs]), np.array([change for _, change in pairs])


class Process:
    """A Gaussian process over time, the loss before, and the point; with losses in units of their deviation."""

    def __init__(self, inputs: Array, forgetting: float) -> None:
        self._centre, self._scale = inputs[:, 1].mean(), inputs[:, 1].std() or 1.0
        self._regressor = GaussianProcessRegressor(
            time_varying_kernel(inputs.shape[1], forgetting), normalize_y=True, random_state=0
        )

    def fit(self, inputs: Array, improvements: Array) -> Process:
        """Find the likeliest length scales."""
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", ConvergenceWarning
            )  # a length scale at its bound is an answer, too
            self._regressor.fit(self._scaled(inputs), improvements)
        return self

    def add(self, inputs: Array, improvements: Array) -> None:
        """Condition it on these instead, with the length scales that it has."""
        self._regressor.set_params(kernel=self._regressor.kernel_, optimizer=None)
        self._regressor.fit(self._scaled(inputs), improvements)

    def predict(self, inputs: Array) -> tuple[Array, Array]:
        """Means and standard deviations of the improvement, shape ``[n]`` each."""
        mean, deviation = self._regressor.predict(self._scaled(inputs), return_std=True)
        return mean, deviation

    def _scaled(self, inputs: Array) -> Array:
        scaled = inputs.copy()
        scaled[:, 1] = (scaled[:, 1] - self._centre) / self._scale
        return scaled


def time_varying_kernel(dimensions: int, forgetting: float) -> Kernel:
    """A squared exponential of state and point, times (1 - ε)^(|Δt| / 2).

    An exponential is a Matérn kernel of order 1/2; each factor leaves the other's coordinates aside by long scales.
    """
    memory = ASIDE if forgetting == 0 else -2 / math.log(1 - forgetting)
    time = Matern([memory] + [ASIDE] * (dimensions - 1), length_scale_bounds="fixed", nu=0.5)
    bounds = [(ASIDE * 0.99, ASIDE * 1.01)] + [(0.05, 10.0)] * (dimensions - 1)
    point = RBF([ASIDE] + [0.5] * (dimensions - 1), length_scale_bounds=bounds)
    return time * point + WhiteKernel(0.1, (1e-4, 1.0))
