"""SMAC: a random forest, or a Gaussian process, with expected improvement and local search.

Lindauer et al., *SMAC3: A Versatile Bayesian Optimization Package for Hyperparameter Optimization*, JMLR 23 (2022). The
parts of SMAC's facades are asked directly: their loop keeps its state in files of its own, and a study has it already.
"""

from __future__ import annotations

import logging
import random
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import smac
from ConfigSpace import (
    AndConjunction,
    CategoricalHyperparameter,
    Configuration,
    ConfigurationSpace,
    InCondition,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from smac.runhistory import RunHistory

from mlkernel import Parameter, SearchProblem, SearchSpace
from mlkernel_search.configs import SmacConfig
from mlkernel_search.modelled_search import ModelledSearch, Point

logging.getLogger("smac").setLevel(logging.ERROR)
FACADES = {"RF": smac.HyperparameterOptimizationFacade, "GP": smac.BlackBoxFacade}


class SmacSearch(ModelledSearch):
    """Asks the model of SMAC; trials under way are told with the median loss."""

    def __init__(self, problem: SearchProblem, config: SmacConfig | None = None) -> None:
        options = config or SmacConfig()
        super().__init__(problem, config, options.startup_trials)
        self._facade: Any = FACADES[options.base_estimator]
        self._told = ToldSpace(problem.space)

    def modelled(
        self, points: Sequence[Point], losses: Sequence[float], pending: Sequence[Point], rng: random.Random
    ) -> dict[str, Any]:
        """Train the model, and propose what SMAC would evaluate next."""
        middle = sorted(losses)[len(losses) // 2]
        seed = rng.randrange(2**31)
        space = self._told.made(seed)
        trials = RunHistory()
        rows = [*zip(points, losses, strict=True), *((point, middle) for point in pending)]
        for point, loss in rows:
            trials.add(self._told.configuration(space, point), cost=loss)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scenario = smac.Scenario(space, deterministic=True, n_trials=len(rows) + 1, seed=seed)
            return self._told.point(self._challenger(scenario, trials))

    def _challenger(self, scenario: smac.Scenario, trials: RunHistory) -> Configuration:
        """The first of the configurations that SMAC's facade would have evaluated next."""
        facade = self._facade
        encoder = facade.get_runhistory_encoder(scenario)
        encoder.runhistory = trials
        rows, costs = encoder.transform()
        model = facade.get_model(scenario)
        model.train(rows, costs)
        acquisition = facade.get_acquisition_function(scenario)
        best = int(costs.argmin())
        acquisition.update(
            model=model, eta=float(costs.min()), incumbent_array=rows[best], num_data=len(rows), X=rows
        )
        maximizer = facade.get_acquisition_maximizer(scenario)
        maximizer.acquisition_function = acquisition
        found = maximizer.maximize(trials.get_configs(), random_design=facade.get_random_design(scenario))
        tried = set(trials.get_configs())
        return next((one for one in found if one not in tried), scenario.configspace.sample_configuration())


class ToldSpace:
    """A search space as ConfigSpace has it: positions in the unit cube, and places of countable values."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._varied = [found for found in space.parents_first if found.dimension.levels != 1]

    def made(self, seed: int) -> ConfigurationSpace:
        """The space of ConfigSpace, drawing by *seed*; what it has no condition for, it always has."""
        told = {parameter.name: self._hyperparameter(parameter) for parameter in self._varied}
        space = ConfigurationSpace(seed=seed)
        space.add(*told.values())
        for parameter in self._varied:
            conditions = [
                InCondition(
                    told[parameter.name], told[parent.name], [self._place(parent, value) for value in values]
                )
                for parent, values in self._conditions(parameter)
            ]
            if conditions:
                space.add(AndConjunction(*conditions) if len(conditions) > 1 else conditions[0])
        return space

    def _conditions(self, parameter: Parameter) -> list[tuple[Parameter, Sequence[Any]]]:
        """Parents with values that can be counted, and the values of which they must have one."""
        pairs = [(self._space.by_name[found.parent], found.values) for found in parameter.conditions]
        return [(parent, values) for parent, values in pairs if (parent.dimension.levels or 1) > 1]

    @staticmethod
    def _hyperparameter(parameter: Parameter) -> Any:
        levels, name = parameter.dimension.levels, parameter.name
        if levels is None:
            return UniformFloatHyperparameter(name, 0.0, 1.0)
        if parameter.dimension.is_ordered:
            return UniformIntegerHyperparameter(name, 0, levels - 1)
        return CategoricalHyperparameter(name, list(range(levels)))

    @staticmethod
    def _place(parameter: Parameter, value: Any) -> float | int:
        position, levels = parameter.dimension.to_unit(value), parameter.dimension.levels
        return position if levels is None else min(int(position * levels), levels - 1)

    def configuration(self, space: ConfigurationSpace, point: Point) -> Configuration:
        """What ConfigSpace calls *point*."""
        values: dict[str, Any] = {}
        for parameter in self._varied:
            if parameter.name in point:
                values[parameter.name] = self._place(parameter, point[parameter.name])
            elif all(
                self._is_told(parent, allowed, values) for parent, allowed in self._conditions(parameter)
            ):
                levels = parameter.dimension.levels
                values[parameter.name] = 0.5 if levels is None else levels // 2
        return Configuration(space, values=values)

    def _is_told(self, parent: Parameter, allowed: Sequence[Any], values: Mapping[str, Any]) -> bool:
        """Whether ConfigSpace takes a condition for fulfilled."""
        return values.get(parent.name) in [self._place(parent, value) for value in allowed]

    def point(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """The point of the search space."""
        position = []
        for parameter in self._space.parents_first:
            levels = parameter.dimension.levels
            value = float(dict(configuration).get(parameter.name, 0 if levels else 0.5))
            position.append(value if levels is None else (value + 0.5) / levels)
        return self._space.from_unit(position)
