"""Trials as an Apache Parquet file, for data frames."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mlkernel.errors import PluginError
from mlkernel.records.atomic_file import storage_errors
from mlkernel.records.strict_json import strict_json
from mlkernel.study.exports.trial_columns import columns_of, trial_rows
from mlkernel.study.store.study_store import StudyStore

try:
    import pyarrow
    from pyarrow import parquet
except ImportError as missing:
    raise PluginError(
        "Parquet files need the package pyarrow", hint="pip install 'mlkernel[parquet]'"
    ) from missing


def write_parquet(store: StudyStore, study: str, path: Path) -> None:
    """Write one row for each trial; a column whose values are of several types holds JSON texts.

    :raises StorageError: *path* cannot be written.
    """
    rows = list(trial_rows(store, study))
    columns = {name: _column([row.get(name) for row in rows]) for name in columns_of(store, study)}
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with storage_errors(path):
        try:
            parquet.write_table(pyarrow.table(columns), aside)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


def _column(values: list[Any]) -> Any:
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) <= 1 or kinds == {int, float}:
        try:
            return pyarrow.array(
                [float(value) if kinds == {int, float} and value is not None else value for value in values]
            )
        except (pyarrow.ArrowInvalid, OverflowError):
            pass  # lists of several types, whole numbers of more than 64 bits
    return pyarrow.array(
        [None if value is None else strict_json(value) for value in values], pyarrow.string()
    )
