"""Files and folders that are either complete or absent, whatever happens while they are written."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlkernel.errors import StorageError

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a full disk, or an exhausted quota, is called."""
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG}


def sync_directory(directory: Path) -> None:
    """Make renames inside *directory* survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the content of *path* survive a power cut."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn a full disk, or a refusal to write *path* or beside it, into a :class:`StorageError` that says so.

    A refusal that names another place is none of storage's: the block of an artifact reads what it likes.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StorageError(
                f"no room left to write {path}: {error.strerror}",
                hint="Nothing that was complete is lost. Make room and go on with kernel resume.",
            ) from error
        here = error.filename is None or Path(error.filename).is_relative_to(path.parent)
        if error.errno in _REFUSED and here:
            raise StorageError(
                f"cannot write {error.filename or path}: {error.strerror}",
                hint="Choose another folder with --runs DIRECTORY, or change its permissions.",
            ) from error
        raise


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Replace the content of *path* at once.

    :param durable: also wait until it would survive a power cut.
    :raises StorageError: when the disk is full or not writable; the old content is still there.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with storage_errors(path):
        try:
            with aside.open("w", encoding="utf-8") as file:
                file.write(text)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
        if durable:
            sync_directory(path.parent)


def clear_leftovers(directory: Path) -> None:
    """Remove what :func:`write_text` left in *directory* when its process died; nobody else may be writing there."""
    for path in directory.glob(".*.json.*"):
        path.unlink(missing_ok=True)


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Replace the content of *path* by *value* as indented JSON; see :func:`write_text`."""
    write_text(path, json.dumps(value, indent=2) + "\n", durable=durable)
