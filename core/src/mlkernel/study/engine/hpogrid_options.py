"""What hpogrid and Ray call the options of algorithms, schedulers and resources, and what they are called here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkernel.errors import ConfigError

SCHEDULER_OPTIONS = {
    "asynchyperband": {"grace_period": "min_step", "reduction_factor": "reduction_factor"},
    "bohbhyperband": {"reduction_factor": "reduction_factor"},
    "pbt": {
        "perturbation_interval": "interval",
        "quantile_fraction": "fraction",
        "resample_probability": "resample_probability",
        "synch": "synchronous",
    },
}
"""Ray's names of the options of its schedulers → those here."""
SAID_ELSEWHERE = ("time_attr", "metric", "mode", "max_t", "brackets", "hyperparam_mutations")
"""Options of Ray's schedulers that the study says, or that nothing depends on."""
ALGORITHM_OPTIONS = {
    name: {"n_initial_points": "startup_trials", "random_state_seed": None}
    for name in ("bayesian", "hyperopt", "optuna")
}


def trial_count(count: Any) -> Any:
    """How many trials ``num_trials`` asks for.

    :raises ConfigError: one for each device, which is not known here.
    """
    if count == -1:
        raise ConfigError(
            "num_trials: -1 asks for one trial per GPU", hint="Say how many trials there shall be."
        )
    return count


def algorithm_values(name: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """The table of an algorithm, without ``use`` if only its options are told."""
    return {**_use(name), **_renamed(options, ALGORITHM_OPTIONS.get(name or "", {}))}


def scheduler_values(name: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """The table of a trial scheduler, as :func:`algorithm_values`."""
    names = {**dict.fromkeys(SAID_ELSEWHERE), **SCHEDULER_OPTIONS.get(name or "", {})}
    return {**_use(name), **_renamed(options, names)}


def resource_values(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The resources of a run that a table ``{"cpu": 1, "gpu": 0}`` asks for."""
    return {ours: asked[theirs] for theirs, ours in (("cpu", "cpus"), ("gpu", "gpus")) if theirs in asked}


def _use(name: str | None) -> dict[str, Any]:
    return {} if name is None else {"use": name}


def _renamed(options: Mapping[str, Any], names: Mapping[str, str | None]) -> dict[str, Any]:
    """Options by the names that they have here; ``None`` leaves one out, any other name stays and is checked."""
    renamed = {names.get(key, key): value for key, value in options.items()}
    return {key: value for key, value in renamed.items() if key is not None}
