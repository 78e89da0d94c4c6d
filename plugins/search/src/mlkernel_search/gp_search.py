"""Bayesian optimisation with Gaussian processes, for spaces of every kind.

Jones et al., *Efficient Global Optimization of Expensive Black-Box Functions*, J. Global Optimization 13 (1998), with
two views of the losses in turns. A smooth process with long length scales follows valleys; a rough one doubts what the
smooth one is sure of. When the rough one expects no more of the best basin, it goes on to the next, as multistart
methods do: Rinnooy Kan and Timmer, *Stochastic Global Optimization Methods*, Mathematical Programming 39 (1987).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from mlkernel import Capabilities, PendingTrial, SearchProblem, trial_seed
from mlkernel_search.configs import GpConfig
from mlkernel_search.gp.acquisition_search import AcquisitionSearch
from mlkernel_search.gp.basin import Basin
from mlkernel_search.gp.feature_map import FeatureMap
from mlkernel_search.gp.gaussian_process import GaussianProcess, fit
from mlkernel_search.gp.improvement import LogImprovement
from mlkernel_search.gp.kernels import Matern52, SquaredExponential
from mlkernel_search.gp.scale_prior import RoughPrior, SmoothPrior
from mlkernel_search.gp.standardisation import standardised
from mlkernel_search.gp.view import View
from mlkernel_search.modelled_search import ModelledSearch, Point

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

ROUGH = View(kernel=SquaredExponential(), prior=RoughPrior(), worthwhile=5e-3)
VIEWS = (
    View(kernel=Matern52(), prior=SmoothPrior(), worthwhile=1e-6),
    ROUGH,
    View(kernel=Matern52(), prior=SmoothPrior(), worthwhile=1e-3),
    ROUGH,
)
"""They take turns; the first one goes on until there is nothing left to refine."""
INCUMBENTS = 5
"""Best trials around which improvement is looked for."""
BASINS = 4
"""How many basins are left alone at most."""
FEWEST = 5
"""Trials outside of the basins that a process needs."""


class GpSearch(ModelledSearch):
    """Proposes where the expected improvement is largest; trials under way are believed to end as predicted."""

    capabilities: ClassVar[Capabilities] = Capabilities()

    def __init__(self, problem: SearchProblem, config: GpConfig | None = None) -> None:
        self._options = config or GpConfig()
        super().__init__(problem, config, self._options.startup_trials)
        self._map = FeatureMap(problem.space)

    def propose(self, number: int, pending: Sequence[PendingTrial], rng: random.Random) -> dict[str, Any]:
        """A point of a Latin hypercube until enough is known, then one that the process proposes."""
        startup = self._options.startup_trials
        if number < startup and self.succeeded < startup and not self._is_fixed:
            return self._map.point(self._latin_position(number))
        return super().propose(number, pending, rng)

    def _latin_position(self, number: int) -> Array:
        """One of *startup_trials* positions that have each coordinate, and so each category, in equal parts.

        McKay, Beckman and Conover, *A Comparison of Three Methods for Selecting Values of Input Variables*,
        Technometrics 21 (1979).
        """
        rng = np.random.default_rng(trial_seed(self.problem.seed, 0, "Latin hypercube"))
        count, axes = self._options.startup_trials, len(self._map.axes)
        strata = np.stack([rng.permutation(count) for _ in range(axes)], axis=1)
        position: Array = (strata[number] + rng.random((count, axes))[number]) / count
        return position

    def modelled(
        self, points: Sequence[Point], losses: Sequence[float], pending: Sequence[Point], rng: random.Random
    ) -> dict[str, Any]:
        """The point of the largest improvement, in the view whose turn it is and the first basin worth searching."""
        view = VIEWS[(len(points) + len(pending)) % len(VIEWS)]
        positions = self._map.positions([*points, *pending])
        features = self._map.features(positions)
        told = np.array(losses)
        basins: list[Basin] = []
        kept = np.arange(len(positions))
        point: dict[str, Any] | None = None
        while len(basins) < BASINS and int((kept < len(told)).sum()) >= FEWEST:
            ended, waiting = kept[kept < len(told)], kept[kept >= len(told)]
            process = fit(
                view.kernel, features[ended], self._map.owners, standardised(told[ended]), view.prior
            )
            process = process.believing(features[waiting]) if len(waiting) else process
            found = self._search(process, self._rule(positions, basins), rng).best(
                positions[kept[process.order[:INCUMBENTS]]]
            )
            if found is not None:
                point = self._map.point(found[0])
                if found[1] > math.log(view.worthwhile):
                    break
            basins.append(Basin.lowest(process))
            kept = kept[~basins[-1].contains(features[kept])]
        return self.space.sample(rng) if point is None else point

    def _search(
        self, process: GaussianProcess, is_allowed: Callable[[Array, Array], Mask], rng: random.Random
    ) -> AcquisitionSearch:
        return AcquisitionSearch(
            map=self._map,
            value=LogImprovement(process),
            is_allowed=is_allowed,
            rng=np.random.default_rng(rng.randrange(2**63)),
        )

    def _rule(self, known: Array, basins: Sequence[Basin]) -> Callable[[Array, Array], Mask]:
        """Which rounded positions, with these features, are new, satisfy the constraints, and lie in no basin."""
        tried = frozenset(row.tobytes() for row in known)
        left = tuple(basins)

        def is_allowed(positions: Array, features: Array) -> Mask:
            is_open = np.fromiter(map(is_new, positions), np.bool_, len(positions))
            for basin in left:
                is_open &= ~basin.contains(features)
            return is_open

        def is_new(row: Array) -> bool:
            if row.tobytes() in tried:
                return False
            return not self.space.constraints or self.space.satisfies(self._map.point(row))

        return is_allowed
