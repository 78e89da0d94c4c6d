"""Rows of data files, each with its place, so that messages can name it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from mlkernel import ConfigError


@frozen
class Row:
    """One row of a file."""

    place: str
    """Such as ``problems.jsonl, line 3``."""
    values: Mapping[str, Any]


def read_rows(path: Path) -> list[Row]:
    """All rows of a file, whose ending tells what it is.

    :raises ConfigError: no such file, an unknown ending, or something in it that cannot be read.
    """
    if not path.is_file():
        raise ConfigError(
            f"no such file: {path}", hint="Nothing is downloaded; give the path of a file you have."
        )
    if path.suffix not in _READERS:
        raise ConfigError(
            f"{path}: files that end so are not read", hint=f"These are: {', '.join(_READERS)}."
        )
    try:
        rows = list(_READERS[path.suffix](path))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no text in UTF-8: {error.reason} at byte {error.start}") from error
    if not rows:
        raise ConfigError(f"{path} holds no problem")
    return rows


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                place = f"{path}, line {number}"
                yield Row(place, _object(_parsed(line, place), place))


def _json(path: Path) -> Iterator[Row]:
    try:
        items = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}, line {error.lineno}: {error.msg}") from error
    if not isinstance(items, list):
        raise ConfigError(f"{path} holds a {type(items).__name__}; a list of objects is needed")
    for number, item in enumerate(items, start=1):
        place = f"{path}, item {number}"
        yield Row(place, _object(item, place))


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, strict=True)
        try:
            for values in reader:
                place = f"{path}, line {reader.line_num}"
                if None in values or None in values.values():
                    columns = len(reader.fieldnames or ())
                    raise ConfigError(
                        f"{place}: not as many values as the {columns} columns of the first line"
                    )
                yield Row(place, values)
        except csv.Error as error:
            raise ConfigError(f"{path}, line {reader.line_num}: {error}") from error


def _parquet(path: Path) -> Iterator[Row]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise ConfigError(
            f"{path}: pyarrow is not installed, which reads Parquet",
            hint="pip install 'mlkernel-text[parquet]'",
        ) from error
    try:
        table = parquet.read_table(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is no Parquet file: {error}") from error
    for number, values in enumerate(table.to_pylist(), start=1):
        yield Row(f"{path}, row {number}", values)


_READERS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _json_lines,
    ".json": _json,
    ".csv": _csv,
    ".parquet": _parquet,
}


def _parsed(line: str, place: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{place}: {error.msg} (column {error.colno})") from error


def _object(item: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        raise ConfigError(f"{place}: a {type(item).__name__}, where an object with columns is needed")
    return item
