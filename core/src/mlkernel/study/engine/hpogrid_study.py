"""hpogrid's projects as studies: one file with the four configurations of a project in it.

``grid_config`` concerns the grid, and says nothing about a study.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkernel.errors import ConfigError
from mlkernel.study.engine.hpogrid_options import (
    algorithm_values,
    resource_values,
    scheduler_values,
    trial_count,
)

HPO, MODEL, SPACE = "hpo_config", "model_config", "search_space"


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
        "algorithm": algorithm_values(hpo.get("algorithm", "random"), hpo.get("algorithm_param") or {}),
        "trials": trial_count(hpo.get("num_trials", 100)),
        "jobs": hpo.get("max_concurrent", 3),
        "max_step": steps,
        "resources": {**resource_values(hpo.get("resource") or {}), **_time(hpo.get("stop") or {})},
    }
    if tree.get("project_name"):
        study["name"] = tree["project_name"]
    # Ray's schedulers do nothing within a single iteration, which is hpogrid's default.
    if hpo.get("scheduler") and steps > 1:
        study["scheduler"] = scheduler_values(hpo["scheduler"], hpo.get("scheduler_param") or {})
    return study


def _script(tree: Mapping[str, Any], script: str, file: Path) -> Path:
    """Where the script lies: in ``scripts_path``, which may be the script itself, or in the project's folder."""
    given = Path(tree.get("scripts_path") or ".")
    candidates = (given / script, given, file.parent.parent / "scripts" / script, file.parent / script)
    return next((path for path in candidates if path.is_file()), candidates[0])


def _time(stop: Mapping[str, Any]) -> dict[str, float]:
    return {"time": float(stop["time_total_s"])} if "time_total_s" in stop else {}


def _steps(stop: Mapping[str, Any], scheduler: Mapping[str, Any]) -> float:
    others = [key for key in stop if key not in ("training_iteration", "time_total_s")]
    if others:
        raise ConfigError(
            f"{HPO}.stop: trials cannot be stopped by {', '.join(others)}",
            hint="training_iteration can be given here; let the trainer return by itself where more is asked.",
        )
    steps: float = stop.get("training_iteration", scheduler.get("max_t", 1))
    return steps
