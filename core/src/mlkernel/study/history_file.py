"""A history in a file: what `kernel search ask` needs to propose points, and nothing else.

The format is documented in ``docs/guides/search-algorithms.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from mlkernel.config.files import read_config_file
from mlkernel.config.layers import Layer
from mlkernel.config.problems import Problem, raise_problems
from mlkernel.study.exports.document_history import document_history, document_pending
from mlkernel.study.exports.study_document import FORMAT, read_json_document
from mlkernel.study.history import History, Observation, PendingTrial

SECTION = "study"
TRIALS = "trials"
KEYS = ("number", "parameters", "values", "budget", "pending")
MEANT = {
    "parameters": "must be a table: the point that was tried",
    "number": "must be a whole number from 0; null only for a trial of another study",
    "values": "must be a list with a number for each objective; null if the trial failed",
    "budget": "must be a number, such as epochs; null for all of them",
    "pending": "must be true or false",
}


@frozen(kw_only=True)
class HistoryFile:
    """What stood in the file."""

    study: Layer
    """The section ``study``: keys of a study's configuration."""
    history: History
    """The trials that ended, in the order of the file."""
    pending: tuple[PendingTrial, ...]
    """Those under way."""

    @property
    def next_number(self) -> int:
        """One more than that of any trial."""
        numbers = [found.number for found in (*self.history, *self.pending) if found.number is not None]
        return max(numbers, default=-1) + 1


def read_history_file(path: str | Path) -> HistoryFile:
    """Read a history from a JSON file, which may be an exported study; TOML and YAML are read alike.

    :raises ConfigError: lists everything that is wrong, with the lines.
    """
    layer = read_config_file(path)
    if layer.tree.get("format") == FORMAT:
        return _exported(Path(path))
    trials = layer.tree.get(TRIALS, [])
    problems = [
        *layer.problems,
        *(
            Problem(path=key, message="unknown; known are study and trials")
            for key in layer.tree
            if key not in (SECTION, TRIALS, "version")
        ),
        *_trial_problems(trials),
    ]
    raise_problems(
        [attrs.evolve(found, origin=found.origin or layer.origin_of(found.path)) for found in problems]
    )
    study = {SECTION: layer.tree.get(SECTION, {})}
    return HistoryFile(
        study=attrs.evolve(layer, tree=study),
        history=History(_observation(trial) for trial in trials if not trial.get("pending")),
        pending=tuple(
            PendingTrial(number=trial["number"], parameters=trial["parameters"])
            for trial in trials
            if trial.get("pending")
        ),
    )


def _exported(path: Path) -> HistoryFile:
    """What ``kernel study export`` wrote tells the study as well as its trials."""
    document = read_json_document(path)
    return HistoryFile(
        study=Layer(tree={SECTION: document.study.configuration}, source=str(path)),
        history=document_history(document),
        pending=document_pending(document),
    )


def _observation(trial: Mapping[str, Any]) -> Observation:
    return Observation(
        number=trial.get("number"),
        parameters=trial["parameters"],
        values=trial.get("values"),
        budget=trial.get("budget"),
    )


def _trial_problems(trials: Any) -> list[Problem]:
    if not isinstance(trials, list):
        return [Problem(path=TRIALS, message="must be a list of trials")]
    problems = [
        found for place, trial in enumerate(trials) for found in _problems(f"{TRIALS}[{place}]", trial)
    ]
    return problems or _repetitions(trials)


def _repetitions(trials: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Numbers that are used twice, other than for several budgets."""
    problems = []
    seen: dict[tuple[int, float | None], int] = {}
    for place, trial in enumerate(trials):
        if (number := trial.get("number")) is None:
            continue
        first = seen.setdefault((number, trial.get("budget")), place)
        if first != place:
            message = f"{number} is the number of {TRIALS}[{first}], too"
            advice = "use each once, or once for each budget"
            problems.append(Problem(path=f"{TRIALS}[{place}].number", message=message, suggestion=advice))
    return problems


def _problems(path: str, trial: Any) -> list[Problem]:
    if not isinstance(trial, Mapping):
        return [Problem(path=path, message="must be a table with number, parameters and values")]
    checks = {
        "parameters": isinstance(trial.get("parameters"), Mapping),
        "number": _is_whole(trial.get("number"))
        or (trial.get("number") is None and not trial.get("pending")),
        "values": _are_numbers(trial.get("values")),
        "budget": trial.get("budget") is None or _is_number(trial["budget"]),
        "pending": isinstance(trial.get("pending", False), bool),
    }
    problems = [
        Problem(path=f"{path}.{key}", message=MEANT[key]) for key, right in checks.items() if not right
    ]
    return problems + [
        Problem(path=f"{path}.{key}", message=f"unknown; known are {', '.join(KEYS)}")
        for key in trial
        if key not in KEYS
    ]


def _is_whole(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _are_numbers(values: Any) -> bool:
    return values is None or (isinstance(values, list) and bool(values) and all(map(_is_number, values)))
