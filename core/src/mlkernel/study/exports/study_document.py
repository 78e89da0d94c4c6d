"""A whole study as one JSON document, which can be read back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import nan
from pathlib import Path
from typing import Any

import attrs
import cattrs
from attrs import frozen

from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import write_text
from mlkernel.records.strict_json import strict_json
from mlkernel.study.store.records import PauseRecord, ReportRecord, StudyRecord, TrialRecord
from mlkernel.study.store.study_store import StudyStore

FORMAT = "mlkernel study"
VERSION = 1

_OF_THIS_MACHINE = {"driver", "handle"}
"""Attributes of runs that mean nothing elsewhere."""


@frozen(kw_only=True)
class StudyDocument:
    """Everything that is known of a study."""

    study: StudyRecord
    revisions: list[dict[str, Any]]
    """Earlier configurations, oldest first."""
    trials: list[TrialRecord]
    reports: list[ReportRecord]
    pauses: list[PauseRecord] = attrs.field(factory=list)


def write_json_document(store: StudyStore, study: str, path: Path) -> None:
    """Write the study *study* as JSON, one trial, report or pause a line.

    :raises StorageError: *path* cannot be written.
    """
    head = {"format": FORMAT, "version": VERSION, "study": attrs.asdict(store.study(study))}
    parts = [
        strict_json({**head, "revisions": store.revisions(study)})[:-1],
        _lines("trials", map(attrs.asdict, store.trials(study))),
        _lines("reports", map(attrs.asdict, store.reports(study))),
        _lines("pauses", map(attrs.asdict, store.pauses(study))),
    ]
    write_text(path, ",\n".join(parts) + "}\n")


def import_study(store: StudyStore, path: Path, name: str | None = None) -> StudyRecord:
    """Add the study of a JSON document to *store*, as it was; what ran then waits now.

    :param name: of the study; the one that it had unless given.
    :raises UsageError: the file is no such document, or there is a study of this name.
    :raises StorageError: the store cannot be written.
    """
    document = read_json_document(path)
    return store.restore(
        attrs.evolve(document.study, name=name or document.study.name),
        document.revisions,
        document.trials,
        document.reports,
        document.pauses,
    )


def read_json_document(path: Path) -> StudyDocument:
    """Read what :func:`write_json_document` wrote.

    :raises UsageError: the file cannot be read, or is no such document; says where.
    """
    tree = _tree(path)
    try:
        document = _CONVERTER.structure(tree, StudyDocument)
    except cattrs.BaseValidationError as error:
        faults = cattrs.transform_error(error, path=str(path))
        raise UsageError("\n".join(["the exported study is damaged:", *faults[:10]])) from error
    numbers = [trial.number for trial in document.trials]
    if numbers != list(range(len(numbers))):
        raise UsageError(f"{path} is damaged: its trials are not numbered from 0 on, each once")
    runs = {(run.trial, run.place) for trial in document.trials for run in trial.runs}
    strange = next((each for each in document.reports if (each.trial, each.place) not in runs), None)
    if strange is not None:
        raise UsageError(
            f"{path} is damaged: it has a report of trial {strange.trial}, but not the trial's run"
        )
    return document


def _tree(path: Path) -> dict[str, Any]:
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}") from error
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        raise UsageError(
            f"{path} is no exported study", hint="kernel study export NAME FILE.json writes one."
        )
    if tree.get("version") != VERSION:
        raise UsageError(
            f"{path} has version {tree.get('version')!r} of the format; this mlkernel reads {VERSION}"
        )
    return tree


def _lines(name: str, records: Iterable[Mapping[str, Any]]) -> str:
    return f'"{name}": [\n' + ",\n".join(strict_json(_portable(record)) for record in records) + "\n]"


def _portable(record: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(record)
    if "runs" in kept:
        kept["runs"] = [
            {name: value for name, value in run.items() if name not in _OF_THIS_MACHINE}
            for run in kept["runs"]
        ]
    return kept


def _number(value: Any, _type: type) -> float:
    if value is None:
        return nan  # see strict_json
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return float(value)


_CONVERTER = cattrs.Converter()
_CONVERTER.register_structure_hook(float, _number)
