"""hpogrid's projects as studies: one JSON with the four configurations of a project in it.

``grid_config`` concerns the grid, and says nothing about a study.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkernel.errors import ConfigError

HPO, MODEL, SPACE = "hpo_config", "model_config", "search_space"


def is_hpogrid_study(tree: Mapping[str, Any]) -> bool:
    """Whether *tree* is one of hpogrid's projects."""
    return isinstance(tree.get(HPO), Mapping) and isinstance(tree.get(MODEL), Mapping)


def from_hpogrid_study(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a study that the project gives."""
    hpo, model = tree[HPO], tree[MODEL]
    missing = [f"{MODEL}.{key}" for key in ("script", "model") if key not in model]
    if missing:
        raise ConfigError(f"{' and '.join(missing)} missing: what trains")
    script = Path(tree.get("scripts_path") or ".") / str(model["script"])
    study: dict[str, Any] = {
        "trainer": f"{script}:{model['model']}",
        "set": model.get("param") or {},
        "space": tree.get(SPACE, {}),
        "objectives": [{"metric": hpo.get("metric", "loss"), "mode": hpo.get("mode", "min")}],
        "algorithm": {"use": hpo.get("algorithm", "random"), **(hpo.get("algorithm_param") or {})},
        "trials": hpo.get("num_trials", 100),
        "jobs": hpo.get("max_concurrent", 3),
    }
    steps = (hpo.get("stop") or {}).get("training_iteration", 1)
    study["max_step"] = steps
    # Ray's schedulers do nothing within a single iteration, which is hpogrid's default.
    if hpo.get("scheduler") and steps > 1:
        study["scheduler"] = {"use": hpo["scheduler"], **(hpo.get("scheduler_param") or {})}
    asked = hpo.get("resource") or {}
    study["resources"] = {
        ours: asked[theirs] for theirs, ours in (("cpu", "cpus"), ("gpu", "gpus")) if theirs in asked
    }
    return study
