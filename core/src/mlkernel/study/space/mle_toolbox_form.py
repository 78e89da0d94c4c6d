"""mle-toolbox's search spaces: ``{"real": {"lr": {"begin": 1e-5, "end": 1e-2, "prior": "log-uniform"}}, ...}``.

Its sections are ``real``, ``integer`` and ``categorical``. ``bins`` are for grids, ``prior`` for everything else; both
bounds are values. Names lose ``/`` for ``.``; ``train:x`` and ``model:x`` become ``train_config.x`` and
``model_config.x``, the sections of a job's configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlkernel.config.problems import Problem, did_you_mean
from mlkernel.errors import ConfigError
from mlkernel.study.space.dimension import Dimension
from mlkernel.study.space.methods import make_dimension
from mlkernel.study.space.search_space import Parameter
from mlkernel.study.space.table_form import Found
from mlkernel.study.space.value_lists import categorical_of

SECTIONS = ("real", "integer", "categorical")
OUTER = ("params_to_search", "search_params")
"""Keys of the older and the newer experiment files under which the sections lie."""
PREFIXES = {"train:": "train_config.", "model:": "model_config."}
PRIORS = {"uniform": False, "log-uniform": True}
KEYS = ("begin", "end", "bins", "prior")


def is_mle_toolbox(table: Mapping[str, Any]) -> bool:
    """Whether *table* is one of mle-toolbox's: it has nothing but its sections, and a section holds its keys."""
    inner = _sections(table)
    return bool(inner) and all(
        key in SECTIONS and (section is None or _is_section(key, section)) for key, section in inner.items()
    )


def _is_section(key: str, section: Any) -> bool:
    if not isinstance(section, Mapping):
        return False
    if key == "categorical":
        return all(isinstance(entry, list) for entry in section.values())
    return all(isinstance(entry, Mapping) and "begin" in entry for entry in section.values())


def _sections(table: Mapping[str, Any]) -> Mapping[str, Any]:
    outer = next((table[key] for key in OUTER if isinstance(table.get(key), Mapping)), None)
    return table if outer is None else outer


def from_mle_toolbox(table: Mapping[str, Any]) -> Found:
    """Read mle-toolbox's form; what is wrong is in the problems, with the name of the parameter as path."""
    parameters, problems = [], []
    for section, name, entry in _entries(_sections(table)):
        try:
            parameters.append(Parameter(name=_name(name), dimension=_dimension(section, entry)))
        except ConfigError as error:
            problems.append(Problem(path=f"{section}.{name}", message=error.message, suggestion=error.hint))
    return parameters, [], problems


def _entries(sections: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for section, entries in sections.items():
        for name, entry in (entries or {}).items():
            yield section, name, entry


def _name(name: str) -> str:
    for prefix, section in PREFIXES.items():
        if name.startswith(prefix):
            name = section + name.removeprefix(prefix)
    return name.replace("/", ".")


def _dimension(section: str, entry: Any) -> Dimension:
    if section == "categorical":
        return categorical_of(entry)
    unknown = [f"unknown key {key!r}; {did_you_mean(key, KEYS)}" for key in entry if key not in KEYS]
    missing = [f"{key} is missing" for key in ("begin", "end") if key not in entry]
    prior = entry.get("prior", "uniform")
    if prior not in PRIORS:
        unknown.append(f"no prior is named {prior!r}; {did_you_mean(str(prior), PRIORS)}")
    if unknown or missing:
        raise ConfigError("; ".join(unknown + missing))
    arguments = {"low": entry["begin"], "high": entry["end"], "bins": entry.get("bins")}
    if section == "integer":
        if PRIORS[prior]:
            return make_dimension("qloguniform", {**arguments, "q": 1})
        return make_dimension("uniformint", arguments)
    return make_dimension("loguniform" if PRIORS[prior] else "uniform", arguments)
