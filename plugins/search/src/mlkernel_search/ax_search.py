"""Ax, which proposes by Gaussian processes of BoTorch.

Balandat et al., *BoTorch: A Framework for Efficient Monte-Carlo Bayesian Optimization*, NeurIPS 2020; Olson et al.,
*Ax: A Platform for Adaptive Experimentation*, AutoML 2025. Each proposal comes from a client that is made for it and
told all trials: what a client remembers of its own proposals, no history tells.
"""

from __future__ import annotations

import logging
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
from ax.exceptions.core import SearchSpaceExhausted

from mlkernel import Parameter, SearchProblem
from mlkernel_search.configs import AxConfig
from mlkernel_search.modelled_search import ModelledSearch, Point

logging.getLogger("ax").setLevel(logging.CRITICAL)
LOSS = "loss"


class AxSearch(ModelledSearch):
    """Asks Ax about the unit cube; trials under way are told as running."""

    def __init__(self, problem: SearchProblem, config: AxConfig | None = None) -> None:
        super().__init__(problem, config, (config or AxConfig()).startup_trials)
        self._parameters = problem.space.parents_first
        self._varied = [found for found in self._parameters if found.dimension.levels != 1]

    def modelled(
        self, points: Sequence[Point], losses: Sequence[float], pending: Sequence[Point], rng: random.Random
    ) -> dict[str, Any]:
        """Attach all trials, and take what Ax tries next."""
        seed = rng.randrange(2**31)
        with seeded(seed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client = self._client(seed)
            for point, loss in zip(points, losses, strict=True):
                number = client.attach_trial(self._values(point))
                client.complete_trial(number, raw_data={LOSS: float(loss)})
            for point in pending:
                client.attach_trial(self._values(point))
            try:
                (values,) = client.get_next_trials(1).values()
            except SearchSpaceExhausted:
                return self.space.sample(rng)  # of the few points that are left, it finds none
        return self._point(values)

    def _client(self, seed: int) -> Client:
        client = Client(random_seed=seed)
        client.configure_experiment(
            parameters=[_told(place, found) for place, found in enumerate(self._varied)]
        )
        client.configure_optimization(objective=f"-{LOSS}")
        client.configure_generation_strategy(
            method="fast",
            initialization_budget=0,
            initialize_with_center=False,
            initialization_random_seed=seed,
        )
        return client

    def _values(self, point: Point) -> dict[str, Any]:
        """The whole position of *point*: inactive parameters are in their middle."""
        positions = dict(
            zip((found.name for found in self._parameters), self.space.to_unit(point), strict=True)
        )
        return {
            _name(place): _value(parameter, positions[parameter.name])
            for place, parameter in enumerate(self._varied)
        }

    def _point(self, values: Mapping[str, Any]) -> dict[str, Any]:
        found = {parameter.name: values[_name(place)] for place, parameter in enumerate(self._varied)}
        position = []
        for parameter in self._parameters:
            levels = parameter.dimension.levels
            value = float(found.get(parameter.name, 0.5 if levels is None else 0))
            position.append(min(max(value, 0.0), 1.0) if levels is None else (value + 0.5) / levels)
        return self.space.from_unit(position)


def _name(place: int) -> str:
    return f"x{place}"


def _told(place: int, parameter: Parameter) -> RangeParameterConfig | ChoiceParameterConfig:
    levels, name = parameter.dimension.levels, _name(place)
    if levels is None:
        return RangeParameterConfig(name=name, parameter_type="float", bounds=(0.0, 1.0))
    if parameter.dimension.is_ordered:
        return RangeParameterConfig(name=name, parameter_type="int", bounds=(0, levels - 1))
    values = list(map(str, range(levels)))
    return ChoiceParameterConfig(name=name, parameter_type="str", values=values, is_ordered=False)


def _value(parameter: Parameter, position: float) -> float | int | str:
    levels = parameter.dimension.levels
    if levels is None:
        return position
    level = min(int(position * levels), levels - 1)
    return level if parameter.dimension.is_ordered else str(level)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw by *seed* in the block, and leave torch's own generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
