"""What a run prints, in files of its own; a worker trains many runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STREAMS = ("stdout", "stderr")


@contextmanager
def output_to(directory: Path) -> Iterator[None]:
    """Append what this process and its children write to ``stdout.txt`` and ``stderr.txt`` in *directory*.

    Whatever it is, it is written to the file and nowhere else: printing costs what writing a file costs. A file that
    stays empty is removed.

    :raises OSError: the folder cannot be written.
    """
    _flush()
    kept = [os.dup(number) for number in (1, 2)]
    try:
        for number, stream in enumerate(STREAMS, start=1):
            _redirect(number, directory / f"{stream}.txt")
        yield
    finally:
        _flush()
        for number, descriptor in enumerate(kept, start=1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        _remove_empty(directory)


def _redirect(number: int, path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, number)
    os.close(descriptor)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # the disk is full, or the target closed it
            continue


def _remove_empty(directory: Path) -> None:
    for stream in STREAMS:
        path = directory / f"{stream}.txt"
        if path.exists() and not path.stat().st_size:
            path.unlink()
