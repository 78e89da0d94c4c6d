"""One run that is followed."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.status import read_status
from mlkernel.tracker.delivery import Delivery
from mlkernel.tracker.source import RunSource
from mlkernel.tracker.tracking_file import TrackingFile


class Starter:
    """The process that started this one, and the attempt that it is about to begin.

    :param attempt: its number; 0 where none is awaited.
    """

    def __init__(self, attempt: int = 0, pid: int | None = None) -> None:
        self._attempt, self._pid = attempt, pid

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return os.getppid() == self._pid

    def may_still_begin(self, attempts: int) -> bool:
        """Whether the attempt has yet to come, and there is somebody to begin it."""
        return attempts < self._attempt and self.lives


class RunWork:
    """A run directory and one of its trackers.

    :param watch: entered around each call of the tracker.
    """

    def __init__(self, file: TrackingFile, starter: Starter, watch: AbstractContextManager[object]) -> None:
        self._files, self._starter = RunDirectory(file.directory), starter
        self._delivery = Delivery(RunSource(file.directory), file, watch)

    def step(self) -> bool:
        """Send what is new."""
        may_end = self.may_end()  # before it reads what was logged
        return self._delivery.step().state != "running" and may_end

    def may_end(self) -> bool:
        """Nobody trains it, and nobody is about to."""
        status = read_status(self._files)
        return status.state != "running" and not self._starter.may_still_begin(len(status.attempts))

    def close(self) -> None:
        """Let go of the tracker."""
        self._delivery.close()
