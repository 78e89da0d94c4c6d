"""Hyperopt's algorithms: its tree-structured Parzen estimator, and annealing.

Bergstra et al., *Making a Science of Model Search*, ICML 2013. Hyperopt models each parameter by itself, so that
conditional ones need no tree: a trial tells it those that it had.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from hyperopt import JOB_STATE_DONE, STATUS_OK, Domain, Trials, anneal, hp, tpe

from mlkernel import SearchProblem
from mlkernel_search.configs import HyperoptConfig
from mlkernel_search.modelled_search import ModelledSearch, Point

FEWEST = 2
"""Trials without which hyperopt has nothing to tell good from bad."""


class HyperoptSearch(ModelledSearch):
    """Asks hyperopt about positions in the unit cube; trials under way are told as bad ones."""

    def __init__(self, problem: SearchProblem, config: HyperoptConfig | None = None) -> None:
        options = config or HyperoptConfig()
        super().__init__(problem, config, max(FEWEST, options.startup_trials))
        self._parameters = {
            parameter.name: parameter
            for parameter in problem.space.parents_first
            if parameter.dimension.levels != 1
        }
        nodes = {
            name: hp.uniform(name, 0.0, 1.0)
            if parameter.dimension.is_ordered
            else hp.randint(name, parameter.dimension.levels)
            for name, parameter in self._parameters.items()
        }
        self._domain = Domain(None, nodes) if nodes else None
        if options.method == "anneal":
            self._suggest = anneal.suggest
        else:
            self._suggest = partial(
                tpe.suggest,
                n_startup_jobs=1,
                n_EI_candidates=options.candidates,
                gamma=options.gamma,
                verbose=False,
            )

    def modelled(
        self, points: Sequence[Point], losses: Sequence[float], pending: Sequence[Point], rng: random.Random
    ) -> dict[str, Any]:
        """What hyperopt suggests after these trials."""
        trials = Trials()
        worst = max(losses)
        rows = [*zip(points, losses, strict=True), *((point, worst) for point in pending)]
        trials.insert_trial_docs([self._document(place, *row) for place, row in enumerate(rows)])
        trials.refresh()
        (found,) = self._suggest([len(rows)], self._domain, trials, rng.randrange(2**31))
        values = {name: listed[0] for name, listed in found["misc"]["vals"].items() if listed}
        return self._point(values)

    def _document(self, place: int, point: Point, loss: float) -> dict[str, Any]:
        told = {
            name: [self._encoded(name, point[name])] if name in point else [] for name in self._parameters
        }
        idxs = {name: [place] if values else [] for name, values in told.items()}
        return {
            "tid": place, "spec": None, "result": {"status": STATUS_OK, "loss": loss}, "state": JOB_STATE_DONE,
            "misc": {"tid": place, "cmd": None, "workdir": None, "idxs": idxs, "vals": told},
            "exp_key": None, "owner": None, "version": 0, "book_time": None, "refresh_time": None,
        }  # fmt: skip

    def _encoded(self, name: str, value: Any) -> float | int:
        dimension = self._parameters[name].dimension
        position = dimension.to_unit(value)
        if dimension.is_ordered:
            return position
        levels = dimension.levels or 1
        return min(int(position * levels), levels - 1)

    def _point(self, values: Mapping[str, Any]) -> dict[str, Any]:
        position = []
        for parameter in self.space.parents_first:
            value, levels = values.get(parameter.name, 0.5), parameter.dimension.levels or 1
            is_position = parameter.name not in values or parameter.dimension.is_ordered
            position.append(min(max(float(value), 0.0), 1.0) if is_position else (int(value) + 0.5) / levels)
        return self.space.from_unit(position)
