"""From rows of the tables to records, and from values to the text that the tables hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii
from math import isfinite, nan
from typing import Any

from mlkernel.records.strict_json import strict_json
from mlkernel.study.store.database import Row
from mlkernel.study.store.records import (
    DriverRecord,
    PauseRecord,
    ReportRecord,
    RunRecord,
    StudyRecord,
    TrialRecord,
)

STUDY = "name, configuration, state, created, revision"
TRIAL = "number, parameters, state, until, parent, source, result, reason, sequence, created, ended"
RUN = (
    "trial, place, seed, fold, state, attempt, failures, driver, handle, directory, step, result, metrics, error,"
    " started, ended"
)
RUN_COLUMNS = RUN.split(", ")
TRIAL_COLUMNS = TRIAL.split(", ")
REPORT = "position, trial, place, step, result, metrics, time"
PAUSE = "sequence, trial, step, parameters, result"
DRIVER = "name, host, pid, heartbeat"

_DECODER = json.JSONDecoder()


def values_text(values: Sequence[float] | None) -> str | None:
    """One value for each objective, as a table holds them."""
    if values is None:
        return None
    numbers = list(map(float, values))
    return repr(numbers) if all(map(isfinite, numbers)) else strict_json(numbers)


def metrics_text(metrics: Mapping[str, float]) -> str:
    """Metrics, as a table holds them."""
    if not metrics:
        return "{}"
    # Several times as fast as the encoder of the standard library, which makes a new one for each text.
    return f"{{{', '.join([f'{encode_basestring_ascii(name)}: {_number_text(metrics[name])}' for name in metrics])}}}"


def mapping_text(values: Mapping[str, Any]) -> str:
    """Parameters or the like, as a table holds them: JSON, written quickly where values are plain."""
    words = [f"{encode_basestring_ascii(name)}: {_text_of(value)}" for name, value in values.items()]
    return f"{{{', '.join(words)}}}"


def read_json(text: str) -> Any:
    """The value that :func:`~mlkernel.records.strict_json.strict_json` wrote as *text*."""
    return _DECODER.raw_decode(text)[0]


def plain_text(text: str | None) -> str | None:
    """*text* without what no database keeps: null characters, and bytes that were no text when they were read."""
    if text is None or (text.isprintable() and text.isascii()):
        return text
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def study_record(row: Row) -> StudyRecord:
    """From the columns ``STUDY``."""
    name, configuration, state, created, revision = row
    return StudyRecord(
        name=name, configuration=read_json(configuration), state=state, created=created, revision=revision
    )


def trial_record(row: Row, runs: tuple[RunRecord, ...] = ()) -> TrialRecord:
    """From the columns ``TRIAL``."""
    number, parameters, state, until, parent, source, result, reason, sequence, created, ended = row
    return TrialRecord(
        number=number,
        parameters=read_json(parameters),
        state=state,
        until=until,
        parent=parent,
        source=source,
        values=read_values(result),
        reason=reason,
        sequence=sequence,
        created=created,
        ended=ended,
        runs=runs,
    )


def run_record(row: Row) -> RunRecord:
    """From the columns ``RUN``."""
    return RunRecord(
        trial=row[0],
        place=row[1],
        seed=int(row[2]),
        fold=row[3],
        state=row[4],
        attempt=row[5],
        failures=row[6],
        driver=row[7],
        handle=None if row[8] is None else read_json(row[8]),
        directory=row[9],
        step=row[10],
        values=read_values(row[11]),
        metrics=_metrics(row[12]),
        error=row[13],
        started=row[14],
        ended=row[15],
    )


def report_record(row: Row) -> ReportRecord:
    """From the columns ``REPORT``."""
    position, trial, place, step, result, metrics, time = row
    return ReportRecord(
        position=position,
        trial=trial,
        place=place,
        step=step,
        values=read_values(result) or (),
        metrics=_metrics(metrics),
        time=time,
    )


def pause_record(row: Row) -> PauseRecord:
    """From the columns ``PAUSE``."""
    sequence, trial, step, parameters, result = row
    return PauseRecord(
        sequence=sequence,
        trial=trial,
        step=step,
        parameters=read_json(parameters),
        values=read_values(result) or (),
    )


def driver_record(row: Row) -> DriverRecord:
    """From the columns ``DRIVER``."""
    name, host, pid, heartbeat = row
    return DriverRecord(name=name, host=host, pid=pid, heartbeat=heartbeat)


def read_values(text: str | None) -> tuple[float, ...] | None:
    """What :func:`values_text` wrote."""
    return (
        None
        if text is None
        else tuple([nan if word == "null" else float(word) for word in text[1:-1].split(", ")])
    )


def replaced(columns: Sequence[str], row: Row, changes: Mapping[str, Any]) -> Row:
    """*row* after *changes* of its *columns*."""
    return tuple([changes.get(column, value) for column, value in zip(columns, row, strict=True)])


def _metrics(text: str | None) -> dict[str, float]:
    if text is None or text == "{}":
        return {}
    return {name: nan if value is None else value for name, value in read_json(text).items()}


def _text_of(value: Any) -> str:
    kind = type(value)
    if kind is float:
        return _number_text(value)
    if kind is str:
        return encode_basestring_ascii(value)
    return repr(value) if kind is int else strict_json(value)


def _number_text(value: float) -> str:
    number = float(value)
    return repr(number) if isfinite(number) else strict_json(number)
