"""The ``checkpoints`` folder of a run: writes, finds, verifies and prunes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from mlkernel.checkpoint.checkpoint import Checkpoint
from mlkernel.checkpoint.manifest import read_manifest, seal, verify
from mlkernel.errors import CheckpointError
from mlkernel.records.atomic_file import storage_errors, sync_directory


@frozen(kw_only=True)
class Retention:
    """Which checkpoints stay."""

    keep_last: int = 2
    """The newest ones, at least one."""
    keep_best: int = 1
    """Those of the newest best reports, each of which was better than all before it."""


class CheckpointStore:
    """Checkpoints of one run; only the process that holds the run's lock may write."""

    def __init__(self, directory: Path, retention: Retention) -> None:
        self._directory = directory
        self._retention = retention

    def clear_leftovers(self) -> None:
        """Remove what a process that died left half-written or half-removed."""
        for path in self._directory.glob(".*"):
            shutil.rmtree(path, ignore_errors=True)

    def save(self, write: Callable[[Path], None], **facts: Any) -> Checkpoint:
        """Make a checkpoint: written aside, synced, then renamed; a death at any moment leaves the older ones whole.

        :param write: writes the state's files into an empty folder.
        :param facts: of the manifest.
        :raises StorageError: the disk is full or not writable.
        """
        number = max(self._numbers(), default=0) + 1
        place = self._directory / f"{number:06d}"
        aside = self._directory / f".writing-{number:06d}"
        with storage_errors(place):
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir(parents=True)
            try:
                write(aside)
                manifest = seal(aside, created=time.time(), **facts)
                aside.rename(place)
            except BaseException:
                shutil.rmtree(aside, ignore_errors=True)
                raise
            sync_directory(self._directory)
        self._prune()
        return Checkpoint(number, place, manifest)

    def checkpoints(self) -> list[Checkpoint]:
        """Every checkpoint with a readable manifest, oldest first; files are not verified."""
        found = []
        for number in sorted(self._numbers()):
            directory = self._directory / f"{number:06d}"
            try:
                found.append(Checkpoint(number, directory, read_manifest(directory)))
            except CheckpointError:
                continue
        return found

    def newest_intact(self, on_damage: Callable[[CheckpointError], None]) -> Checkpoint | None:
        """The newest checkpoint whose files are all as they were written; ``None`` if none was ever made.

        :param on_damage: hears of each damaged one, which is set aside as ``NUMBER.damaged``.
        :raises CheckpointError: there are checkpoints, and all are damaged.
        """
        numbers = sorted(self._numbers(), reverse=True)
        for number in numbers:
            directory = self._directory / f"{number:06d}"
            try:
                return Checkpoint(number, directory, verify(directory))
            except CheckpointError as error:
                on_damage(error)
                self._set_aside(directory)
        if numbers or self._damaged():
            raise CheckpointError(
                f"all checkpoints in {self._directory} are damaged: "
                f"{', '.join(path.name for path in self._damaged())}",
                hint="Start the run anew; a repaired folder can be renamed back to its number.",
            )
        return None

    def best(self) -> Checkpoint | None:
        """The checkpoint with the best reported value; its files are not verified."""
        return next(iter(self._by_value()), None)

    def best_intact(self, on_damage: Callable[[CheckpointError], None]) -> Checkpoint | None:
        """Of the checkpoints whose files are all as they were written, the one with the best reported value.

        :param on_damage: hears of each damaged one that would have been better.
        """
        for checkpoint in self._by_value():
            try:
                verify(checkpoint.directory)
            except CheckpointError as error:
                on_damage(error)
            else:
                return checkpoint
        return None

    def _by_value(self) -> list[Checkpoint]:
        """Checkpoints with a reported value, the best first, of equals the newest first."""

        def rank(checkpoint: Checkpoint) -> tuple[float, int]:
            reported: Mapping[str, Any] = checkpoint.manifest.reported or {}
            sign = 1.0 if reported["mode"] == "min" else -1.0
            return (sign * reported["value"], -checkpoint.number)

        return sorted((c for c in self.checkpoints() if c.manifest.reported), key=rank)

    def _prune(self) -> None:
        everything = self.checkpoints()
        staying = {c.number for c in everything if c.manifest.kept}
        staying |= {c.number for c in everything[-self._retention.keep_last :]}
        staying |= {c.number for c in self._by_value()[: self._retention.keep_best]}
        for checkpoint in everything:
            if checkpoint.number not in staying:
                leaving = self._directory / f".leaving-{checkpoint.number:06d}"
                checkpoint.directory.rename(leaving)
                shutil.rmtree(leaving, ignore_errors=True)

    def _set_aside(self, directory: Path) -> None:
        target = directory.with_suffix(".damaged")
        shutil.rmtree(target, ignore_errors=True)
        with storage_errors(directory):
            directory.rename(target)

    def _damaged(self) -> list[Path]:
        return sorted(self._directory.glob("*.damaged"))

    def _numbers(self) -> list[int]:
        return [int(path.name) for path in self._directory.glob("[0-9]*") if path.name.isdecimal()]
