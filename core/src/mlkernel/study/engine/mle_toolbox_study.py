"""mle-toolbox's experiment files, of both generations, as studies.

What concerns its clusters and protocols says nothing about a study, and is left alone.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkernel.config.files import read_config_file
from mlkernel.config.problems import Problem, did_you_mean, raise_problems
from mlkernel.errors import ConfigError
from mlkernel.study.engine.mle_toolbox_search import as_list, search_keys, seed_keys
from mlkernel.study.engine.study_settings import made_name

META, JOB, SEARCH = "meta_job_args", "single_job_args", "param_search_args"
SEVERAL = ("multi_config_args", "multi_experiment_args")
BEFORE, AFTER = "pre_processing_args", "post_processing_args"
SECTIONS = (META, JOB, SEARCH, *SEVERAL, BEFORE, AFTER, "pbt_args", "version")


def is_mle_toolbox_study(tree: Mapping[str, Any]) -> bool:
    """Whether *tree* is one of mle-toolbox's experiments."""
    return isinstance(tree.get(META), Mapping)


def from_mle_toolbox_study(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a study that the experiment gives.

    :raises ConfigError: a section is unknown, or says what cannot be done here.
    """
    meta, job = tree[META], tree.get(JOB) or {}
    _check_sections(tree)
    bases = as_list(meta.get("base_train_config"))
    several: Mapping[str, Any] = next((tree[name] for name in SEVERAL if tree.get(name)), {})
    files = several.get("config_fnames", bases if len(bases) > 1 else [])
    study: dict[str, Any] = {
        "trainer": meta["base_train_fname"],
        "name": made_name(meta.get("project_name") or Path(meta["base_train_fname"]).stem),
        "resources": _resources(job),
        "script_options": job.get("extra_cmd_line_input") or {},
    }
    if files:
        study["configurations"] = files
    elif bases:
        study["config"] = bases
    study |= seed_keys(several, "num_seeds")
    if SEARCH in tree:
        study |= search_keys(tree[SEARCH])
    else:
        study["objectives"] = [{"metric": _tracked(files or bases)}]
    study["before"] = _processing(tree.get(BEFORE))
    study["after"] = _processing(tree.get(AFTER))
    if meta.get("report_generation"):
        study["after"].append(f"{shlex.quote(sys.executable)} -m mlkernel study report {{directory}}")
    return study


def _check_sections(tree: Mapping[str, Any]) -> None:
    problems = [
        Problem(
            path=name,
            message="mle-toolbox has no such section",
            suggestion=did_you_mean(name, SECTIONS) or None,
        )
        for name in tree
        if name not in SECTIONS
    ]
    problems += [
        Problem(path=name, message=f"a table expected, not {tree[name]!r}")
        for name in SECTIONS
        if tree.get(name) and name != "version" and not isinstance(tree[name], Mapping)
    ]
    raise_problems(problems)
    needed = {META: "base_train_fname", BEFORE: "processing_fname", AFTER: "processing_fname"}
    raise_problems(
        [
            Problem(path=f"{name}.{key}", message="missing: the script to run")
            for name, key in needed.items()
            if (tree.get(name) or name == META) and key not in tree[name]
        ]
    )


def _processing(section: Mapping[str, Any] | None) -> list[str]:
    """The command of a step before or after the trials, which is told the study's folder."""
    if not section:
        return []
    options = section.get("extra_cmd_line_input") or {}
    words = [
        *([sys.executable] if str(section["processing_fname"]).endswith(".py") else ["bash"]),
        str(section["processing_fname"]),
        *(word for key, value in options.items() for word in (f"-{key}", str(value))),
    ]
    return [f"{shlex.join(words)} -exp_dir {{directory}}"]


def _resources(job: Mapping[str, Any]) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    for theirs, ours in (("num_logical_cores", "cpus"), ("num_gpus", "gpus"), ("memory_per_job", "memory")):
        if job.get(theirs) is not None:
            resources[ours] = job[theirs]
    if job.get("time_per_job") is not None:
        resources["time"] = _seconds(str(job["time_per_job"]))
    return resources


def _seconds(text: str) -> float:
    """Of days, hours and minutes, written ``dd:hh:mm``."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        raise ConfigError(f"{JOB}.time_per_job: {text!r} is not of the form dd:hh:mm")
    days, hours, minutes = map(int, parts)
    return float(((days * 24 + hours) * 60 + minutes) * 60)


def _tracked(files: list[str]) -> str:
    """What the job's own configuration keeps track of first, which is what experiments without a search compare."""
    tree = read_config_file(Path(files[0])).tree if files else {}
    tracked = tree.get("log_config", {}).get("what_to_track", [])
    return str(tracked[0]) if tracked else "loss"
