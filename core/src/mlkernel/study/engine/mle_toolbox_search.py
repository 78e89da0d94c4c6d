"""The search of an experiment of mle-toolbox: ``param_search_args``.

Newer files have three sections in it, ``search_logging``, ``search_resources`` and ``search_config``; older ones have
everything side by side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mlkernel.errors import ConfigError

PLAIN: dict[str, dict[str, str]] = {
    "random": {},
    "grid": {},
    "smbo": {},
    "nevergrad": {"optimizer": "method"},
    "coordinate": {},
}
"""Searches whose trials know nothing of each other's training; mle-toolbox's names of options that have others here."""
SAID_ELSEWHERE = ("refine_after", "refine_top_k", "metric_to_model", "budget_size", "num_workers")
"""Options that are the study's own, or that nothing depends on."""
EXPLORING = {"perturbation": "perturb", "resampling": "resample", "additive-noise": "noise"}


def search_keys(found: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a study that the search gives.

    :raises ConfigError: it asks for what is not done here.
    """
    logging = found.get("search_logging", found)
    config = found.get("search_config", found)
    options = config.get("smbo_config", config.get("search_config")) or {}
    if logging.get("reload_log"):
        raise ConfigError(
            f"reload_log reads {logging.get('hyperlog_fname', 'the log')} of an earlier search, which is not read here",
            hint="Name earlier studies in warm_start, or go on with one: kernel study resume NAME.",
        )
    resources = found.get("search_resources", found)
    strategy = str(config.get("search_type", "random")).lower()
    study = {
        "objectives": _objectives(logging, options),
        "result": logging.get("problem_type", "final"),
        "aggregate": _aggregate(logging.get("aggregate_seeds", "mean")),
        "space": config.get("search_params", config.get("params_to_search", {})),
        **_effort(resources),
        **_strategy(strategy, options, resources.get("num_search_batches", 1)),
    }
    if options.get("refine_after") is not None:
        study["refine_after"] = as_list(options["refine_after"])
        study["refine_top_k"] = options.get("refine_top_k", 2)
    return study


def seed_keys(section: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The seeds of the runs of each trial: a list, or how many."""
    if section.get("random_seeds"):
        return {"seeds": section["random_seeds"]}
    return next(({"seeds": section[name]} for name in names if name in section), {})


def as_list(value: Any) -> list[Any]:
    """A list of what may be written as one value."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _objectives(logging: Mapping[str, Any], options: Mapping[str, Any]) -> list[dict[str, str]]:
    highest = logging.get("max_objective", logging.get("maximize_objective", True))
    metrics = as_list(
        options.get("metric_to_model") or logging.get("eval_metrics", logging.get("eval_score_type"))
    )
    if not metrics:
        raise ConfigError("param_search_args says no metric", hint="Name it in eval_metrics.")
    return [{"metric": metric, "mode": "max" if highest else "min"} for metric in metrics]


def _aggregate(name: str) -> str:
    return "median" if name == "p50" else name


def _effort(resources: Mapping[str, Any]) -> dict[str, Any]:
    """How many trials, and how many runs at a time: those of a batch, which all ran together."""
    batches = resources.get("num_search_batches", 1)
    a_batch = resources.get("num_evals_per_batch", resources.get("num_iter_per_batch", 1))
    seeds = seed_keys(resources, "num_seeds_per_eval", "num_evals_per_iter")
    runs = seeds.get("seeds", 1)
    together = a_batch * (len(runs) if isinstance(runs, list) else runs)
    return {
        "trials": resources.get("num_total_evals", batches * a_batch),
        "jobs": resources.get("max_running_jobs", together),
        **seeds,
    }


def _strategy(name: str, options: Mapping[str, Any], batches: int) -> dict[str, Any]:
    """Algorithm and scheduler; the last three have numbers of trials of their own."""
    if name in PLAIN:
        chosen = {key: value for key, value in options.items() if key not in SAID_ELSEWHERE}
        return {"algorithm": {"use": name, **{PLAIN[name].get(key, key): chosen[key] for key in chosen}}}
    match name:
        case "halving":
            return _halving(options)
        case "hyperband":
            return _hyperband(options)
        case "pbt":
            return _population(options, batches)
    return {"algorithm": {"use": name}}


def _halving(options: Mapping[str, Any]) -> dict[str, Any]:
    arms, rate, least = (
        options.get(name, default)
        for name, default in (("num_arms", 20), ("halving_coeff", 2), ("min_budget", 1))
    )
    last = least * rate ** math.floor(math.log(arms, rate) + 1e-9)
    scheduler = {"use": "halving", "trials": arms, "reduction_factor": rate, "min_step": least}
    return {
        "algorithm": {"use": "random"},
        "scheduler": scheduler,
        "trials": arms,
        "max_step": options.get("max_budget", last),
    }


def _hyperband(options: Mapping[str, Any]) -> dict[str, Any]:
    most, rate = options.get("max_resource", 27), options.get("eta", 3)
    largest = math.floor(math.log(most, rate) + 1e-9)
    begun = sum(math.ceil((largest + 1) / (each + 1) * rate**each) for each in range(largest + 1))
    return {
        "algorithm": {"use": "random"},
        "scheduler": {"use": "hyperband", "reduction_factor": rate},
        "trials": begun,
        "max_step": most,
    }


def _population(options: Mapping[str, Any], batches: int) -> dict[str, Any]:
    """A batch of mle-toolbox's is what its workers do between two comparisons."""
    exploit, explore = options.get("exploit") or {}, options.get("explore") or {}
    workers, interval = options.get("num_workers", 5), options.get("steps_until_ready", 4)
    scheduler = {
        "use": "pbt",
        "population": workers,
        "interval": interval,
        "resample_probability": 0,
        "exploit": exploit.get("strategy", "truncation"),
        "explore": EXPLORING.get(name := explore.get("strategy", "perturbation"), name),
        **_named(exploit, {"selection_percent": "fraction"}),
        **_named(explore, {"perturb_coeffs": "factors", "noise_scale": "noise_scale"}),
    }
    return {
        "algorithm": {"use": "random"},
        "scheduler": scheduler,
        "trials": workers,
        "max_step": batches * interval,
    }


def _named(options: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Those of *options* that were given, by the names that they have here."""
    return {ours: options[theirs] for theirs, ours in names.items() if theirs in options}
