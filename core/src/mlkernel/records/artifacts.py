"""Files that a trainer keeps: complete or absent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import storage_errors, sync_directory, sync_file


def kept_artifacts(directory: Path) -> list[Path]:
    """The files in *directory*, sorted; what is still being written has a hidden name, and is left out."""
    return [path for path in sorted(directory.rglob("*")) if path.is_file() and path.name[0] != "."]


@contextmanager
def writing_artifact(directory: Path, name: str) -> Iterator[Path]:
    """A path beside ``directory/name`` with the same suffix; renamed to it when the block ends without an exception.

    :raises UsageError: *name* leads out of *directory*, or the block wrote no file.
    :raises StorageError: the disk is full or not writable.
    """
    path = directory / name
    if directory.resolve() not in path.resolve().parents:
        raise UsageError(f"artifact {name!r} would not lie in {directory}", hint="Give it a relative path.")
    aside = path.with_name(f".{path.stem}.writing{path.suffix}")
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield aside
            if not aside.is_file():
                raise UsageError(
                    f"artifact {name!r} was not written", hint=f"Write to the path that is given: {aside}"
                )
            sync_file(aside)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
        sync_directory(path.parent)
