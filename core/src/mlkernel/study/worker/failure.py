"""Why a run failed: one line for the driver, everything for the run's ``stderr.txt``."""

from __future__ import annotations

import shutil
import sys
import traceback
from pathlib import Path

from attrs import frozen

import mlkernel
from mlkernel.errors import KernelError, RunLockedError, StorageError, TrainingError, UsageError
from mlkernel.records.atomic_file import NO_ROOM
from mlkernel.records.redaction import Redactor

_OWN_FOLDER = str(Path(mlkernel.__file__).parent)
_LONGEST = 500
_LEAST_ROOM = 16_384
"""Bytes; a disk with less is full for whoever writes in blocks."""


@frozen
class Failure:
    """What the driver is told."""

    error: str
    """One line."""
    retry: bool
    """Whether it may go well the next time."""
    no_room: bool = False
    """Whether a disk is full: no other run would fare better."""


def describe_failure(error: BaseException, directory: Path) -> Failure:
    """Why *error* ended a run.

    What was asked wrongly is as wrong the next time; whatever else a target raises may pass.

    :param directory: the run's own.
    """
    while isinstance(error, TrainingError) and error.__cause__ is not None:
        error = error.__cause__
    is_passing = not isinstance(error, UsageError) or isinstance(error, StorageError | RunLockedError)
    return Failure(Redactor().text(_one_line(error)), is_passing, _found_no_room(error, directory))


def _found_no_room(error: BaseException, directory: Path) -> bool:
    """Whether a full disk led to *error*: it says so itself, or, as a script cannot, it left none behind."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in NO_ROOM:
            return True
        cause = cause.__cause__ or cause.__context__
    try:
        return shutil.disk_usage(directory).free < _LEAST_ROOM
    except OSError:
        return False


def print_traceback(error: BaseException) -> None:
    """Write everything that is known about *error* to standard error."""
    if isinstance(error, UsageError) and error.__cause__ is None:
        text = f"{error}\n"
    else:
        text = "".join(traceback.format_exception(error))
    sys.stderr.write(Redactor().text(text))


def _one_line(error: BaseException) -> str:
    if isinstance(error, KernelError):
        text = error.message if error.hint is None else f"{error.message} → {error.hint}"
    elif isinstance(error, SystemExit):
        text = f"it called sys.exit({error.code!r}){_place(error)}"
    else:
        text = f"{type(error).__name__}: {error}{_place(error)}"
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _place(error: BaseException) -> str:
    """Where it arose: the innermost line that is not this package's, if there is one."""
    frames = traceback.extract_tb(error.__traceback__)
    outside = [frame for frame in frames if not frame.filename.startswith(_OWN_FOLDER)]
    return f" ({outside[-1].filename}:{outside[-1].lineno})" if outside else ""
