"""The files of the jobs of one folder, by which every process that is given the folder knows them.

``NAME.json``          what was submitted, but for its environment; locked while the job is being watched
``NAME.running.json``  written by its supervisor: its processes and its devices
``NAME.over.json``     in place of that one when it is over: what became of it
``NAME.cancel``        somebody asked for its end
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from mlkernel.launcher.launcher import JobHandle, JobSpec
from mlkernel.records.atomic_file import storage_errors, write_json

_ENDING = ".json"
_LONGEST_NAME = 200
"""Bytes; what is added must fit into the 255 that file systems allow."""


def file_name(key: str) -> str:
    """A name for the files of *key*, whatever characters it has."""
    name = quote(key, safe="").replace(".", "%2E")  # dots tell the files of one job from each other
    digest = hashlib.sha256(key.encode()).hexdigest()
    return name if len(name) < _LONGEST_NAME else f"{name[: _LONGEST_NAME - len(digest)]}{digest}"


class JobFiles:
    """The files of one job."""

    def __init__(self, folder: Path, key: str) -> None:
        self.stem = folder / file_name(key)

    @property
    def submitted(self) -> Path:
        """What was submitted."""
        return self._file(_ENDING)

    def _file(self, ending: str) -> Path:
        return self.stem.with_name(self.stem.name + ending)

    def write(self, spec: JobSpec, submitter: dict[str, Any]) -> None:
        """Write down that *spec* was submitted, by *submitter*.

        Not made safe against a power cut, which no job of this machine survives either.

        :raises StorageError: the disk is full or not writable.
        """
        resources = spec.resources
        record = {
            "key": spec.key,
            "argv": list(spec.argv),
            "directory": str(spec.directory),
            "working_directory": None if spec.working_directory is None else str(spec.working_directory),
            "resources": {
                "cpus": resources.cpus,
                "gpus": resources.gpus,
                "memory": resources.memory,
                "time": resources.time,
            },
            "grace": spec.grace,
            "submitter": submitter,
        }
        with storage_errors(self.submitted):
            self.stem.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.submitted, record, durable=False)

    def forget(self) -> None:
        """Take back a job that was never started."""
        self.submitted.unlink(missing_ok=True)
        self._file(".cancel").unlink(missing_ok=True)

    def read(self) -> dict[str, Any] | None:
        """What was submitted, or ``None``."""
        return _read(self.submitted)

    def running(self) -> dict[str, Any] | None:
        """What its supervisor wrote when it began, unless the job is over."""
        return _read(self._file(".running.json"))

    def over(self) -> dict[str, Any] | None:
        """What its supervisor wrote when it was over."""
        return _read(self._file(".over.json"))

    def write_over(self, facts: dict[str, Any]) -> None:
        """Write down what became of a job that never had a supervisor."""
        write_json(self._file(".over.json"), facts)

    def ask_for_end(self) -> None:
        """Leave a request that the supervisor finds even if it starts only now."""
        self._file(".cancel").touch(mode=0o600)

    def asked_for_end(self) -> float | None:
        """When the end was first asked for, in seconds since the epoch; ``None`` if it was not."""
        try:
            return self._file(".cancel").stat().st_mtime
        except FileNotFoundError:
            return None

    def lock(self) -> int | None:
        """Lock the job and return the file descriptor that holds the lock, or ``None`` while somebody else does."""
        try:
            descriptor = os.open(self.submitted, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def watched(self) -> bool:
        """Whether a supervisor lives, or is about to."""
        try:
            with self.submitted.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def handle(self, key: str) -> JobHandle:
        """The job's handle."""
        return JobHandle(key=key, native={"file": self.submitted.name})


def submitted_keys(folder: Path, *, over: bool = True) -> Iterator[str]:
    """Keys of the jobs of *folder*, in the order of their names.

    :param over: also of those that are over.
    """
    names = set(os.listdir(folder)) if folder.exists() else set()  # noqa: PTH208 - objects cost, for 100,000 jobs
    for name in sorted(names):
        stem = name.removesuffix(_ENDING)
        if name.count(".") == 1 and stem != name and (over or f"{stem}.over.json" not in names):
            if len(stem) < _LONGEST_NAME:
                yield unquote(stem)
            elif (record := _read(folder / name)) is not None:
                yield record["key"]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return record
