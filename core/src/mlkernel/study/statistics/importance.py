"""How much of the result each parameter decides."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from mlkernel.errors import UsageError
from mlkernel.study.statistics.parameter_axis import ParameterAxis, label, parameter_axes
from mlkernel.study.statistics.study_results import StudyResults

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

FEWEST = 10
"""With fewer trials nothing can be said."""


def parameter_importance(results: StudyResults, objective: int = 0) -> dict[str, float]:
    """Shares of the parameters in reaching the best tenth of the trials, the largest first; they add up to 1.

    Conditional PED-ANOVA (Watanabe, Bansal and Hutter 2023; optuna's ``PedAnovaImportanceEvaluator``), which also tells
    of parameters that are not always active. Trials that a scheduler stopped do not count, unless all were stopped.

    :returns: empty for fewer than ten trials, or if no parameter varies.
    :raises UsageError: optuna is not installed.
    """
    axes = {name: axis for name, axis in parameter_axes(results).items() if axis.varies}
    if len(results.comparable) < FEWEST or not axes:
        return {}
    try:
        import optuna
    except ImportError:
        raise UsageError(
            "the importance of parameters needs optuna, which is not installed",
            hint="pip install 'mlkernel[report]'",
        ) from None
    # The evaluator reads trials from a study of its library, which says in the log that it made one.
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study()
        study.add_trials(_frozen_trials(results, axes, objective))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = optuna.importance.get_param_importances(study)
    finally:
        optuna.logging.set_verbosity(verbosity)
    return {name: float(share) for name, share in found.items()}


def _frozen_trials(results: StudyResults, axes: dict[str, ParameterAxis], objective: int) -> list[Any]:
    from optuna.trial import create_trial

    distributions = {name: _distribution(axis) for name, axis in axes.items()}
    made = []
    for trial in results.comparable:
        there = {name: axis for name, axis in axes.items() if axis.has(trial.parameters)}
        made.append(
            create_trial(
                value=results.losses(trial)[objective],
                params={name: _value(axis, trial.parameters[name]) for name, axis in there.items()},
                distributions={name: distributions[name] for name in there},
            )
        )
    return made


def _distribution(axis: ParameterAxis) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    if axis.scale == "category":
        return CategoricalDistribution(axis.categories)
    return FloatDistribution(axis.low, axis.high, log=axis.scale == "log")


def _value(axis: ParameterAxis, value: Any) -> str | float:
    return label(value) if axis.scale == "category" else float(value)
