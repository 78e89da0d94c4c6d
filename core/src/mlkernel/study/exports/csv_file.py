"""Trials as comma-separated values."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from mlkernel.records.atomic_file import write_text
from mlkernel.records.strict_json import strict_json
from mlkernel.study.exports.trial_columns import columns_of, trial_rows
from mlkernel.study.store.study_store import StudyStore


def write_csv(store: StudyStore, study: str, path: Path) -> None:
    """Write one line for each trial; what is unknown is empty, lists are JSON.

    :raises StorageError: *path* cannot be written.
    """
    text = io.StringIO()
    lines = csv.DictWriter(text, columns_of(store, study), lineterminator="\n")
    lines.writeheader()
    for row in trial_rows(store, study):
        lines.writerow({name: _cell(value) for name, value in row.items()})
    write_text(path, text.getvalue())


def _cell(value: Any) -> Any:
    return strict_json(value) if isinstance(value, list | dict | bool) else value
