"""mle-toolbox's experiment files, of both generations, as studies.

What concerns its clusters and protocols says nothing about a study, and is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkernel.config.files import read_config_file
from mlkernel.errors import ConfigError

META = "meta_job_args"


def is_mle_toolbox_study(tree: Mapping[str, Any]) -> bool:
    """Whether *tree* is one of mle-toolbox's experiments."""
    return isinstance(tree.get(META), Mapping)


def from_mle_toolbox_study(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a study that the experiment gives."""
    meta, job = tree[META], tree.get("single_job_args") or {}
    if "base_train_fname" not in meta:
        raise ConfigError(f"{META}.base_train_fname is missing: the script that trains")
    several = tree.get("multi_config_args") or tree.get("multi_experiment_args") or {}
    bases = _list(meta.get("base_train_config", []))
    files = several.get("config_fnames", bases if len(bases) > 1 else [])
    study: dict[str, Any] = {"trainer": meta["base_train_fname"], "resources": _resources(job)}
    if files:
        study["configurations"] = files
    elif bases:
        study["config"] = bases
    study |= _seeds(several, "num_seeds")
    if "param_search_args" in tree:
        study |= _search(tree["param_search_args"])
    else:
        study["objectives"] = [{"metric": _tracked(files or bases)}]
    for section, key in (("pre_processing_args", "before"), ("post_processing_args", "after")):
        if section in tree:
            study[key] = [f"python {tree[section]['processing_fname']}"]
    return study


def _search(found: Mapping[str, Any]) -> dict[str, Any]:
    """The search, whose options stand in three sections of newer files and side by side in older ones."""
    logging = found.get("search_logging", found)
    resources = found.get("search_resources", found)
    config = found.get("search_config", found)
    highest = logging.get("max_objective", logging.get("maximize_objective", True))
    metrics = _list(logging.get("eval_metrics", logging.get("eval_score_type")))
    study = {
        "objectives": [{"metric": metric, "mode": "max" if highest else "min"} for metric in metrics],
        "result": logging.get("problem_type", "final"),
        "aggregate": logging.get("aggregate_seeds", "mean"),
        "space": config.get("search_params", config.get("params_to_search", {})),
        "algorithm": _algorithm(config),
    }
    batches = resources.get("num_search_batches", 1)
    a_batch = resources.get("num_evals_per_batch", resources.get("num_iter_per_batch", 1))
    study["trials"] = resources.get("num_total_evals", batches * a_batch)
    study |= _seeds(resources, "num_seeds_per_eval", "num_evals_per_iter")
    seeds = study.get("seeds", 1)
    runs = len(seeds) if isinstance(seeds, list) else seeds
    study["jobs"] = resources.get("max_running_jobs", a_batch * runs)
    return study


def _algorithm(config: Mapping[str, Any]) -> dict[str, Any]:
    name = str(config.get("search_type", "random")).lower()
    options = config.get("smbo_config", config.get("search_config", {})) or {}
    return {"use": name, **(options if name == "smbo" else {})}


def _seeds(section: Mapping[str, Any], *names: str) -> dict[str, Any]:
    if section.get("random_seeds"):
        return {"seeds": section["random_seeds"]}
    return next(({"seeds": section[name]} for name in names if name in section), {})


def _resources(job: Mapping[str, Any]) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    for theirs, ours in (("num_logical_cores", "cpus"), ("num_gpus", "gpus"), ("memory_per_job", "memory")):
        if job.get(theirs) is not None:
            resources[ours] = job[theirs]
    if job.get("time_per_job") is not None:
        days, hours, minutes = (int(part) for part in str(job["time_per_job"]).split(":"))
        resources["time"] = float(((days * 24 + hours) * 60 + minutes) * 60)
    return resources


def _tracked(files: list[str]) -> str:
    """What the job's own configuration keeps track of first, which is what experiments without a search compare."""
    tree = read_config_file(Path(files[0])).tree if files else {}
    tracked = tree.get("log_config", {}).get("what_to_track", [])
    return str(tracked[0]) if tracked else "loss"


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
