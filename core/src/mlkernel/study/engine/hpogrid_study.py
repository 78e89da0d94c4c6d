"""hpogrid's projects as studies: one file with the four configurations of a project in it.

``grid_config`` concerns the grid, and says nothing about a study.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkernel.errors import ConfigError

HPO, MODEL, SPACE = "hpo_config", "model_config", "search_space"
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


def is_hpogrid_study(tree: Mapping[str, Any]) -> bool:
    """Whether *tree* is one of hpogrid's projects."""
    return isinstance(tree.get(HPO), Mapping) and isinstance(tree.get(MODEL), Mapping)


def from_hpogrid_study(tree: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """The keys of a study that the project gives.

    :param file: where it was read; a project's scripts may lie beside it.
    :raises ConfigError: it says too little, or what cannot be done here.
    """
    hpo, model = tree[HPO], tree[MODEL]
    missing = [f"{MODEL}.{key}" for key in ("script", "model") if key not in model]
    if missing:
        raise ConfigError(f"{' and '.join(missing)} missing: what trains")
    steps = _steps(hpo.get("stop") or {}, hpo.get("scheduler_param") or {})
    study: dict[str, Any] = {
        "trainer": f"{_script(tree, str(model['script']), file)}:{model['model']}",
        "set": model.get("param") or {},
        "space": tree.get(SPACE, {}),
        "objectives": [{"metric": hpo.get("metric", "loss"), "mode": hpo.get("mode", "min")}],
        "algorithm": _algorithm(hpo),
        "trials": _trials(hpo.get("num_trials", 100)),
        "jobs": hpo.get("max_concurrent", 3),
        "max_step": steps,
        "resources": _resources(hpo.get("resource") or {}),
    }
    if tree.get("project_name"):
        study["name"] = tree["project_name"]
    # Ray's schedulers do nothing within a single iteration, which is hpogrid's default.
    if hpo.get("scheduler") and steps > 1:
        study["scheduler"] = _scheduler(hpo["scheduler"], hpo.get("scheduler_param") or {})
    return study


def _script(tree: Mapping[str, Any], script: str, file: Path) -> Path:
    """Where the script lies: in ``scripts_path``, which may be the script itself, or in the project's folder."""
    given = Path(tree.get("scripts_path") or ".")
    candidates = (given / script, given, file.parent.parent / "scripts" / script, file.parent / script)
    return next((path for path in candidates if path.is_file()), candidates[0])


def _steps(stop: Mapping[str, Any], scheduler: Mapping[str, Any]) -> float:
    others = [key for key in stop if key != "training_iteration"]
    if others:
        raise ConfigError(
            f"{HPO}.stop: trials cannot be stopped by {', '.join(others)}",
            hint="training_iteration can be given here; let the trainer return by itself where more is asked.",
        )
    steps: float = stop.get("training_iteration", scheduler.get("max_t", 1))
    return steps


def _trials(count: int) -> int:
    if count < 1:
        raise ConfigError(
            f"{HPO}.num_trials: {count} asks for one trial per GPU",
            hint="Say how many trials there shall be.",
        )
    return count


def _algorithm(hpo: Mapping[str, Any]) -> dict[str, Any]:
    name = hpo.get("algorithm", "random")
    return {"use": name, **_renamed(hpo.get("algorithm_param") or {}, ALGORITHM_OPTIONS.get(name, {}))}


def _scheduler(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    names = {**dict.fromkeys(SAID_ELSEWHERE), **SCHEDULER_OPTIONS.get(name, {})}
    return {"use": name, **_renamed(options, names)}


def _renamed(options: Mapping[str, Any], names: Mapping[str, str | None]) -> dict[str, Any]:
    """Options by the names that they have here; ``None`` leaves one out, any other name stays and is checked."""
    renamed = {names.get(key, key): value for key, value in options.items()}
    return {key: value for key, value in renamed.items() if key is not None}


def _resources(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {ours: asked[theirs] for theirs, ours in (("cpu", "cpus"), ("gpu", "gpus")) if theirs in asked}
