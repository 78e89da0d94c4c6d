"""From a format, or the ending of a path, to what writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from mlkernel.errors import UsageError
from mlkernel.study.store.study_store import StudyStore

_Writer = Callable[[StudyStore, str, Path], None]

# Those that need a library are imported when they are asked for.
_WRITERS: Mapping[str, str] = {
    "json": "study_document:write_json_document",
    "csv": "csv_file:write_csv",
    "parquet": "parquet_file:write_parquet",
    "optuna": "optuna_storage:write_optuna",
    "mlflow": "mlflow_folder:write_mlflow",
}

FORMATS = tuple(_WRITERS)

_ENDINGS = {
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".db": "optuna",
    ".sqlite3": "optuna",
    ".journal": "optuna",
}


def export_study(store: StudyStore, study: str, path: Path, format: str | None = None) -> None:  # noqa: A002
    """Write a study for other programs.

    :param path: what is written; an existing file or folder is never replaced.
    :param format: one of ``FORMATS``; told by the ending of *path* unless given.
    :raises UsageError: no such format or study, or *path* exists.
    :raises PluginError: a library that the format needs is not installed.
    :raises StorageError: *path* cannot be written.
    """
    chosen = format or _ENDINGS.get(path.suffix.lower())
    if chosen is None or chosen not in _WRITERS:
        what = f"{path} tells no format" if chosen is None else f"no format {chosen!r}"
        raise UsageError(f"{what} of an export", hint=f"Choose one with --format: {', '.join(FORMATS)}.")
    if path.exists():
        raise UsageError(f"{path} exists already", hint="Choose another name, or move it away.")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"cannot write {path}: its folder does not exist")
    store.study(study)  # before anything is written
    module, _, name = _WRITERS[chosen].partition(":")
    write: _Writer = getattr(import_module(f"mlkernel.study.exports.{module}"), name)
    write(store, study, path)
