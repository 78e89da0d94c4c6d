"""Optuna's estimator, asked for one group of parameters after the other about the same trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.samplers._tpe.sampler import _split_trials, default_gamma, default_gamma_multiobjective
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from mlkernel_search.parzen_density import ParzenDensity


class ParzenSampler(TPESampler):
    """Proposes what its parent would, in a third of the time.

    Optuna divides the trials into good and bad ones for each group anew, and translates parameters trial by trial. Here
    they are divided once, and parameters have the values already that densities are made of. Optuna has no public place
    to say so; a test compares the proposals with those of the parent.

    :param study: says how many losses trials have.
    :param candidates: points that are drawn for each group, of which the best is proposed.
    """

    def __init__(self, study: Study, candidates: int) -> None:
        super().__init__(n_startup_trials=0, n_ei_candidates=candidates, constant_liar=True)
        self._study = study
        self._parzen_estimator_cls = ParzenDensity

    def learn(self, trials: Sequence[FrozenTrial], seed: int) -> None:
        """Begin a point, with a randomness of its own.

        :param trials: those that are known; running ones count as bad.
        """
        self._rng.rng.seed(seed)
        gamma = default_gamma if len(self._study.directions) == 1 else default_gamma_multiobjective
        ended = sum(trial.state != TrialState.RUNNING for trial in trials)
        self._below, self._above = _split_trials(self._study, list(trials), gamma(ended))

    def propose(self, distributions: Mapping[str, BaseDistribution]) -> dict[str, Any]:
        """Values of *distributions*, the next group of the point."""
        if not distributions:
            return {}
        space = dict(distributions)
        good = self._build_parzen_estimator(self._study, space, self._below, handle_below=True)
        bad = self._build_parzen_estimator(self._study, space, self._above, handle_below=False)
        samples = good.sample(self._rng.rng, self._n_ei_candidates)
        best = self._compare(samples, self._compute_acquisition_func(samples, good, bad))
        return {name: found.to_external_repr(best[name]) for name, found in space.items()}

    def _get_internal_repr(
        self, trials: Sequence[FrozenTrial], search_space: Mapping[str, BaseDistribution], study: Study
    ) -> dict[str, NDArray[np.float64]]:
        del study
        points = [trial.params for trial in trials]
        known = [point for point in points if search_space.keys() <= point.keys()]
        return {name: np.array([point[name] for point in known], dtype=float) for name in search_space}
