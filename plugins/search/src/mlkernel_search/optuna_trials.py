"""Observations as Optuna's samplers want them: trials of a study that holds nothing else.

Parameters are told as positions in the unit cube, so that every dimension means what the space says. Values that can
be counted, equally far apart, are told as whole numbers; categories by their places.
"""

from __future__ import annotations

import warnings
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import InMemoryStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from mlkernel import Parameter, SearchSpace

optuna.logging.set_verbosity(optuna.logging.ERROR)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Samplers look at no times, but a trial must have them."""


class Encoding:
    """Between values of a space's parameters and those of Optuna's distributions."""

    def __init__(self, space: SearchSpace) -> None:
        self.parameters = {parameter.name: parameter for parameter in space.parents_first}
        self.distributions: dict[str, BaseDistribution] = {
            name: _distribution(parameter)
            for name, parameter in self.parameters.items()
            if parameter.dimension.levels != 1
        }
        """Of all parameters with more than one value."""

    def encode(self, name: str, value: Any) -> float | int:
        """The value of a distribution for *value* of the parameter *name*."""
        return self.at(name, self.parameters[name].dimension.to_unit(value))

    def at(self, name: str, position: float) -> float | int:
        """The value of the distribution for a position in [0, 1]."""
        distribution = self.distributions[name]
        if isinstance(distribution, FloatDistribution):
            return position
        levels = self.parameters[name].dimension.levels or 1
        return min(int(position * levels), levels - 1)

    def decode(self, name: str, value: float) -> Any:
        """The value of the parameter *name* for *value* of its distribution."""
        dimension = self.parameters[name].dimension
        if name not in self.distributions:
            return dimension.from_unit(0.5)
        if isinstance(self.distributions[name], FloatDistribution):
            return dimension.from_unit(value)
        return dimension.from_unit((value + 0.5) / (dimension.levels or 1))


def _distribution(parameter: Parameter) -> BaseDistribution:
    dimension = parameter.dimension
    levels = dimension.levels
    if levels is not None and not dimension.is_ordered:
        return CategoricalDistribution(range(levels))
    if levels is not None and dimension.is_even:
        return IntDistribution(0, levels - 1)
    return FloatDistribution(0.0, 1.0)


class TrialShelf(InMemoryStorage):
    """A storage whose trials are laid there, instead of being run through all their states."""

    def __init__(self) -> None:
        super().__init__()
        self.trials: list[FrozenTrial] = []

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """The trials in *states*."""
        return [trial for trial in self.trials if states is None or trial.state in states]

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Keep nothing: what samplers note about a proposal, a rebuilt study would not know."""


def study_of(trials: Sequence[FrozenTrial], objectives: int) -> Study:
    """A study of *trials* that minimises *objectives* values."""
    shelf = TrialShelf()
    study = optuna.create_study(storage=shelf, directions=["minimize"] * objectives)
    shelf.trials = list(trials)
    return study


def frozen_trial(
    number: int,
    parameters: Mapping[str, Any],
    distributions: Mapping[str, BaseDistribution],
    losses: Sequence[float] | None,
    state: TrialState,
) -> FrozenTrial:
    """A trial of Optuna's.

    :param parameters: values of *distributions*.
    :param losses: ``None`` unless *state* is COMPLETE.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return FrozenTrial(
            number=number,
            trial_id=number,
            state=state,
            value=None,
            values=None if losses is None else list(losses),
            datetime_start=LONG_AGO,
            datetime_complete=None if state == TrialState.RUNNING else LONG_AGO,
            params=dict(parameters),
            distributions=dict(distributions),
            user_attrs={},
            system_attrs={},
            intermediate_values={},
        )
