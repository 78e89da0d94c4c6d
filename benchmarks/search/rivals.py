"""Search libraries beside which the search algorithms are measured: each by its own interface, with its defaults.

``RIVALS`` maps a name to ``make(space, seed, trials)``; what that makes is asked for a point and told its loss. Those
that know no conditions are asked for all parameters, and the inactive ones are dropped.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from mlkernel import Parameter, SearchSpace

Point = dict[str, Any]


class Rival(Protocol):
    """A library that proposes points one after the other."""

    def ask(self) -> Point:
        """Propose a point."""

    def tell(self, loss: float) -> None:
        """Take in the loss of the point that was asked for last."""


def active(space: SearchSpace, values: Mapping[str, Any]) -> Point:
    """*values* without those of inactive parameters."""
    point: Point = {}
    for parameter in space.parents_first:
        if parameter.is_active(point):
            point[parameter.name] = values[parameter.name]
    return point


class OptunaRival:
    """A sampler of Optuna's.

    :param flat: ask for all parameters, active or not.
    """

    def __init__(
        self, space: SearchSpace, seed: int, trials: int, sampler: str, *, flat: bool = False
    ) -> None:
        import optuna

        del trials
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space, self._flat = space, flat
        self._study = optuna.create_study(sampler=getattr(optuna.samplers, sampler)(seed=seed))

    def ask(self) -> Point:
        """Propose a point."""
        self._trial = self._study.ask()
        point: Point = {}
        for parameter in self._space.parents_first:
            if self._flat or parameter.is_active(point):
                point[parameter.name] = self._suggest(parameter)
        return active(self._space, point)

    def _suggest(self, parameter: Parameter) -> Any:
        dimension: Any = parameter.dimension
        if dimension.method == "categorical":
            return self._trial.suggest_categorical(parameter.name, dimension.values)
        if dimension.method == "uniformint":
            return self._trial.suggest_int(parameter.name, dimension.low, dimension.high)
        is_log = dimension.method == "loguniform"
        return self._trial.suggest_float(parameter.name, dimension.low, dimension.high, log=is_log)

    def tell(self, loss: float) -> None:
        """Take in the loss of the point that was asked for last."""
        self._study.tell(self._trial, loss)


class HyperoptRival:
    """Hyperopt; conditions are told as choices of choices, as its documentation does. At most one parent."""

    def __init__(self, space: SearchSpace, seed: int, trials: int, method: str) -> None:
        import hyperopt

        del trials
        self._hyperopt, self._space = hyperopt, space
        self._suggest = getattr(hyperopt, method).suggest
        nodes = {p.name: self._node(p) for p in space.parents_first if not p.conditions}
        parents = {condition.parent for p in space.parents_first for condition in p.conditions}
        for name in parents:
            dimension: Any = space.by_name[name].dimension
            nodes[name] = hyperopt.hp.choice(name, [self._branch(name, value) for value in dimension.values])
        self._nodes = nodes
        self._domain, self._trials = hyperopt.Domain(lambda _: 0.0, nodes), hyperopt.Trials()
        self._rng = np.random.default_rng(seed)

    def _branch(self, parent: str, value: Any) -> dict[str, Any]:
        inner = [p for p in self._space.parents_first if p.conditions and p.is_active({parent: value})]
        return {parent: value, **{p.name: self._node(p) for p in inner}}

    def _node(self, parameter: Parameter) -> Any:
        hp, dimension, name = self._hyperopt.hp, parameter.dimension, parameter.name
        limits: Any = dimension
        if dimension.method == "categorical":
            return hp.choice(name, list(limits.values))
        if dimension.method == "uniformint":
            return self._hyperopt.pyll.scope.int(hp.uniformint(name, limits.low, limits.high))
        if dimension.method == "loguniform":
            return hp.loguniform(name, float(np.log(limits.low)), float(np.log(limits.high)))
        return hp.uniform(name, limits.low, limits.high)

    def ask(self) -> Point:
        """Propose a point."""
        self._trials.refresh()
        numbers = self._trials.new_trial_ids(1)
        (self._asked,) = self._suggest(
            numbers, self._domain, self._trials, int(self._rng.integers(2**31 - 1))
        )
        chosen = {name: values[0] for name, values in self._asked["misc"]["vals"].items() if values}
        point: Point = {}
        for name, value in self._hyperopt.space_eval(self._nodes, chosen).items():
            point |= value if isinstance(value, dict) else {name: value}
        return point

    def tell(self, loss: float) -> None:
        """Take in the loss of the point that was asked for last."""
        self._asked["state"] = self._hyperopt.JOB_STATE_DONE
        self._asked["result"] = {"loss": float(loss), "status": "ok"}
        self._trials.insert_trial_docs([self._asked])
        self._trials.refresh()


class NevergradRival:
    """An optimizer of Nevergrad's."""

    def __init__(self, space: SearchSpace, seed: int, trials: int, optimizer: str) -> None:
        import nevergrad as ng

        self._space = space
        parameters = ng.p.Dict(**{p.name: self._parameter(ng, p) for p in space.parents_first})
        parameters.random_state = np.random.RandomState(seed)
        self._optimizer = ng.optimizers.registry[optimizer](parameters, budget=trials)

    @staticmethod
    def _parameter(ng: Any, parameter: Parameter) -> Any:
        dimension: Any = parameter.dimension
        if dimension.method == "categorical":
            return ng.p.Choice(list(dimension.values))
        if dimension.method == "loguniform":
            return ng.p.Log(lower=dimension.low, upper=dimension.high)
        scalar = ng.p.Scalar(lower=dimension.low, upper=dimension.high)
        return scalar.set_integer_casting() if dimension.method == "uniformint" else scalar

    def ask(self) -> Point:
        """Propose a point."""
        self._asked = self._optimizer.ask()
        return active(self._space, self._asked.value)

    def tell(self, loss: float) -> None:
        """Take in the loss of the point that was asked for last."""
        self._optimizer.tell(self._asked, loss)


class SmacRival:
    """SMAC3 through one of its facades, with the conditions of ConfigSpace."""

    def __init__(self, space: SearchSpace, seed: int, trials: int, facade: str) -> None:
        import smac
        from smac.runhistory.dataclasses import TrialValue

        logging.getLogger("smac").setLevel(logging.CRITICAL)
        self._space, self._value = space, TrialValue
        scenario = smac.Scenario(
            configuration_space(space, seed),
            n_trials=trials,
            deterministic=True,
            seed=seed,
            output_directory=Path(tempfile.mkdtemp(prefix="smac-")),
        )
        self._facade = getattr(smac, facade)(
            scenario, lambda config, seed=0: 0.0, overwrite=True, logging_level=False
        )

    def ask(self) -> Point:
        """Propose a point."""
        self._asked = self._facade.ask()
        return {name: plain(value) for name, value in dict(self._asked.config).items()}

    def tell(self, loss: float) -> None:
        """Take in the loss of the point that was asked for last."""
        self._facade.tell(self._asked, self._value(cost=float(loss)))


def configuration_space(space: SearchSpace, seed: int) -> Any:
    """*space* as ConfigSpace has it."""
    from ConfigSpace import Categorical, ConfigurationSpace, Float, InCondition, Integer

    made = {}
    for parameter in space.parents_first:
        dimension: Any = parameter.dimension
        name = parameter.name
        if dimension.method == "categorical":
            made[name] = Categorical(name, dimension.values)
        elif dimension.method == "uniformint":
            made[name] = Integer(name, (dimension.low, dimension.high))
        else:
            is_log = dimension.method == "loguniform"
            made[name] = Float(name, (dimension.low, dimension.high), log=is_log)
    told = ConfigurationSpace(seed=seed)
    told.add(*made.values())
    for parameter in space.parents_first:
        for condition in parameter.conditions:
            told.add(InCondition(made[parameter.name], made[condition.parent], list(condition.values)))
    return told


def plain(value: Any) -> Any:
    """The Python value of a numpy one."""
    return value.item() if hasattr(value, "item") else value


class AxRival:
    """Ax, which proposes by BoTorch, through its client."""

    def __init__(self, space: SearchSpace, seed: int, trials: int) -> None:
        import torch
        from ax.api.client import Client

        del trials
        logging.getLogger("ax").setLevel(logging.CRITICAL)
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self._space, self._client = space, Client(random_seed=seed)
        self._client.configure_experiment(parameters=[self._parameter(p) for p in space.parents_first])
        self._client.configure_optimization(objective="-loss")
        self._client.configure_generation_strategy(method="fast", initialization_random_seed=seed)

    @staticmethod
    def _parameter(parameter: Parameter) -> Any:
        from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

        dimension: Any = parameter.dimension
        name = parameter.name
        if dimension.method == "categorical":
            values = list(dimension.values)
            return ChoiceParameterConfig(name=name, parameter_type="str", values=values, is_ordered=False)
        limits = (dimension.low, dimension.high)
        if dimension.method == "uniformint":
            return RangeParameterConfig(name=name, parameter_type="int", bounds=limits)
        scaling: Any = "log" if dimension.method == "loguniform" else "linear"
        return RangeParameterConfig(name=name, parameter_type="float", bounds=limits, scaling=scaling)

    def ask(self) -> Point:
        """Propose a point."""
        ((self._number, values),) = self._client.get_next_trials(1).items()
        return active(self._space, values)

    def tell(self, loss: float) -> None:
        """Take in the loss of the point that was asked for last."""
        self._client.complete_trial(self._number, raw_data={"loss": float(loss)})


RIVALS: dict[str, Callable[[SearchSpace, int, int], Rival]] = {
    "optuna-random": partial(OptunaRival, sampler="RandomSampler"),
    "optuna-tpe": partial(OptunaRival, sampler="TPESampler"),
    "optuna-gp": partial(OptunaRival, sampler="GPSampler"),
    "optuna-gp-flat": partial(OptunaRival, sampler="GPSampler", flat=True),
    "optuna-cma-es": partial(OptunaRival, sampler="CmaEsSampler"),
    "hyperopt-tpe": partial(HyperoptRival, method="tpe"),
    "hyperopt-anneal": partial(HyperoptRival, method="anneal"),
    "nevergrad-ngopt": partial(NevergradRival, optimizer="NGOpt"),
    "nevergrad-oneplusone": partial(NevergradRival, optimizer="OnePlusOne"),
    "smac-rf": partial(SmacRival, facade="HyperparameterOptimizationFacade"),
    "smac-gp": partial(SmacRival, facade="BlackBoxFacade"),
    "ax": AxRival,
}
