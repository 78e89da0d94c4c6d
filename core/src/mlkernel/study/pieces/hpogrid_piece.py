"""What hpogrid's configurations say, in the keys of a study: one function for each kind of piece.

The same keys are in its files and, as options, on its command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlkernel.config.problems import hint_of
from mlkernel.errors import ConfigError
from mlkernel.study.engine.hpogrid_options import (
    algorithm_values,
    resource_values,
    scheduler_values,
    trial_count,
)

Values = dict[str, Any]

IGNORED = {
    "extra_metrics": "every number that a trial reports is kept",
    "log_dir": "kernel search --studies DIRECTORY says where studies lie",
    "verbose": "kernel study show and the files of a study tell everything at any time",
}
"""Options of hpogrid that say nothing about a study, and what takes their place."""
STUDY = (
    "algorithm",
    "algorithm_param",
    "scheduler",
    "scheduler_param",
    "metric",
    "mode",
    "num_trials",
    "max_concurrent",
    "stop",
    "resource",
    *IGNORED,
)
MODEL = ("script", "model", "param")
GRID = ("site", "container", "retry", "inDS", "outDS", "extra")


def study_values(given: Mapping[str, Any]) -> Values:
    """The keys of a study that an ``hpo_config`` gives."""
    values: Values = {}
    for name, convert in (("algorithm", algorithm_values), ("scheduler", scheduler_values)):
        options = _table(f"{name}_param", given.get(f"{name}_param"))
        if chosen := convert(given.get(name), options):
            values[name] = chosen
    if "metric" in given or "mode" in given:
        values["objectives"] = _objectives(given)
    if given.get("num_trials") is not None:
        values["trials"] = trial_count(given["num_trials"])
    if given.get("max_concurrent") is not None:
        values["jobs"] = given["max_concurrent"]
    resources = {**_resources(given.get("resource")), **_time(given.get("stop"))}
    if resources:
        values["resources"] = resources
    steps = _steps(given)
    if steps is not None:
        values["max_step"] = steps
    return values


def _steps(given: Mapping[str, Any]) -> Any:
    limit = _table("scheduler_param", given.get("scheduler_param")).get("max_t")
    return _table("stop", given.get("stop")).get("training_iteration", limit)


def study_values_of_file(given: Mapping[str, Any]) -> Values:
    """The same of a file, which has all defaults: Ray's schedulers do nothing within a single iteration."""
    values = study_values(given)
    if values.get("max_step", 1) == 1:
        values.pop("scheduler", None)
    return values


def model_values(given: Mapping[str, Any], former: str | None = None) -> Values:
    """The keys of a study that a ``model_config`` gives.

    :param former: what trained before, of which half may stay.
    """
    script, model = given.get("script"), given.get("model")
    if former is not None and (script is None) != (model is None):
        place, colon, attribute = former.rpartition(":")
        script = script or (place if colon else former)
        model = model or attribute if colon else model
    values: Values = {}
    if script is not None:
        values["trainer"] = str(script) if model is None else f"{script}:{model}"
    elif model is not None:
        raise ConfigError(
            f"the model {model!r} is in no script", hint="Give --script FILE, or --trainer MODULE:NAME."
        )
    if given.get("param") is not None:
        values["set"] = _table("param", given["param"])
    return values


def launcher_values(given: Mapping[str, Any]) -> Values:
    """The keys of a study that a ``grid_config`` gives: what only launchers of the grid know."""
    extra = {name: given[name] for name in GRID if name != "extra" and given.get(name) not in (None, False)}
    extra |= _table("extra", given.get("extra"))
    return {"resources": {"extra": extra}} if extra else {}


CONVERSIONS: dict[str, tuple[tuple[str, ...], Callable[[Mapping[str, Any]], Values]]] = {
    "study": (STUDY, study_values_of_file),
    "model": (MODEL, model_values),
    "launcher": (GRID, launcher_values),
}
"""Kind → hpogrid's keys, and what reads them; spaces are told apart where spaces are read."""


def is_hpogrid_piece(kind: str, tree: Mapping[str, Any]) -> bool:
    """Whether *tree* is one of hpogrid's configurations, and none of ours: all its keys are hpogrid's."""
    ours = {"algorithm", "scheduler"}
    keys, _ = CONVERSIONS.get(kind, ((), None))
    return bool(tree.keys() - ours) and tree.keys() <= set(keys)


def _objectives(given: Mapping[str, Any]) -> list[Values]:
    metrics, modes = (_listed(given.get(name)) for name in ("metric", "mode"))
    metrics = metrics or ["loss"]
    modes = modes or ["min"] * len(metrics)
    if len(modes) != len(metrics):
        raise ConfigError(
            f"{len(metrics)} metrics and {len(modes)} modes", hint="Give one --mode for each --metric."
        )
    return [{"metric": metric, "mode": mode} for metric, mode in zip(metrics, modes, strict=True)]


def _resources(asked: Any) -> Values:
    names = ("cpu", "gpu")
    table = _table("resource", asked)
    for name in table.keys() - set(names):
        raise ConfigError(f"resource.{name}: unknown key", hint=hint_of(name, names))
    return resource_values(table)


def _time(stop: Any) -> Values:
    table = _table("stop", stop)
    for name in table.keys() - {"training_iteration", "time_total_s"}:
        raise ConfigError(
            f"stop.{name}: a trial ends by training_iteration or time_total_s",
            hint="A scheduler ends trials by what they report.",
        )
    return {"time": float(table["time_total_s"])} if "time_total_s" in table else {}


def _table(name: str, value: Any) -> Values:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{name}: a table expected, not {value!r}", hint='Write JSON such as {"a": 1}.')
    return dict(value)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
