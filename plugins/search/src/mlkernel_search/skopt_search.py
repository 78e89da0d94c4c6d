"""Sequential model-based optimisation in the manner of scikit-optimize: a surrogate, and an acquisition function.

With ``gp_hedge``, each proposal comes from EI, LCB or PI with equal odds: scikit-optimize weights them by what models
of the past predicted, which a history does not tell.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Sequence
from typing import Any

from skopt import Optimizer
from skopt.space import Categorical, Real

from mlkernel import SearchProblem
from mlkernel_search.configs import SkoptConfig
from mlkernel_search.modelled_search import ModelledSearch, Point
from mlkernel_search.quantile_boosting import QuantileBoosting


class SkoptSearch(ModelledSearch):
    """Asks scikit-optimize about the unit cube; trials under way are told with the best loss so far (``cl_min``)."""

    def __init__(self, problem: SearchProblem, config: SkoptConfig | None = None) -> None:
        self._options = config or SkoptConfig()
        super().__init__(problem, config, self._options.n_initial_points)
        self._parameters = problem.space.parents_first
        self._varied = [
            place for place, parameter in enumerate(self._parameters) if parameter.dimension.levels != 1
        ]

    def modelled(
        self, points: Sequence[Point], losses: Sequence[float], pending: Sequence[Point], rng: random.Random
    ) -> dict[str, Any]:
        """Fit the surrogate, and propose where the acquisition function is best."""
        rows = [self._row(point) for point in (*points, *pending)]
        told = [*losses, *[min(losses)] * len(pending)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            optimizer = self._optimizer(rng.randrange(2**31))
            optimizer.tell(rows, told)
            found = optimizer.ask()
        position = [0.5] * len(self._parameters)
        for place, value in zip(self._varied, found, strict=True):
            position[place] = self._position(place, value)
        return self.space.from_unit(position)

    def _optimizer(self, seed: int) -> Optimizer:
        surrogate = self._options.base_estimator
        return Optimizer(
            [self._dimension(place) for place in self._varied],
            base_estimator=QuantileBoosting(random_state=seed) if surrogate == "GBRT" else surrogate,
            acq_func=self._options.acq_function,
            acq_func_kwargs={"kappa": self._options.kappa, "xi": self._options.xi},
            acq_optimizer="lbfgs" if surrogate == "GP" else "sampling",
            n_initial_points=1,
            model_queue_size=1,
            random_state=seed,
        )

    def _dimension(self, place: int) -> Any:
        dimension = self._parameters[place].dimension
        return Real(0.0, 1.0) if dimension.is_ordered else Categorical(list(range(dimension.levels or 1)))

    def _row(self, point: Point) -> list[float | int]:
        position = self.space.to_unit(point)
        row: list[float | int] = []
        for place in self._varied:
            dimension = self._parameters[place].dimension
            levels = dimension.levels or 1
            is_position = dimension.is_ordered
            row.append(position[place] if is_position else min(int(position[place] * levels), levels - 1))
        return row

    def _position(self, place: int, value: Any) -> float:
        dimension = self._parameters[place].dimension
        if dimension.is_ordered:
            return min(max(float(value), 0.0), 1.0)
        return (int(value) + 0.5) / (dimension.levels or 1)
