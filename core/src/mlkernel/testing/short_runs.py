"""The runs that the checks of a trainer compare."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from mlkernel.testing.child_run import run_in_child
from mlkernel.testing.interruption import StopAt
from mlkernel.testing.progress_recorder import ProgressRecorder
from mlkernel.testing.recorded_run import RecordedRun, recorded_earlier, resume_in_process, run_in_process

LONGEST = 6
"""Iterations of resumable loops after which a run is stopped if it has not finished."""

NO_CHECKPOINTS = ("checkpoint.every_iterations=null", "checkpoint.every_seconds=null")
ALL_CHECKPOINTS = ("checkpoint.every_iterations=1", "checkpoint.every_seconds=null")


class ShortRuns:
    """Runs of one trainer with one seed, of at most :data:`LONGEST` iterations.

    The reference makes a checkpoint at its end only, the others at every boundary: making them must change nothing.
    """

    def __init__(self, trainer: str, overrides: Sequence[str]) -> None:
        self._trainer = trainer
        self._overrides = tuple(overrides)

    @cached_property
    def reference(self) -> RecordedRun:
        """The run that is not interrupted."""
        return self._run(NO_CHECKPOINTS, [self._late_stop, self._progress])

    @property
    def announced_phases(self) -> dict[str, int]:
        """What ``phases()`` told before the reference run trained."""
        return self._progress.announced if self.reference.error is None else {}

    @property
    def length(self) -> int:
        """Iterations of resumable loops that the reference run made."""
        return self._late_stop.made if self.reference.error is None else 0

    @property
    def middle(self) -> int:
        """The iteration at whose end runs are stopped early."""
        return max(1, self.length // 2)

    def again(self) -> RecordedRun:
        """The same once more."""
        return self._run(ALL_CHECKPOINTS, [StopAt(LONGEST)])

    def in_another_process(self) -> RecordedRun:
        """The same in a new process whose strings and bytes hash otherwise."""
        overrides = [*ALL_CHECKPOINTS, *self._overrides]
        directory = run_in_child(
            self._trainer, overrides, self._new_folder(), end="stop", at=LONGEST, hash_seed=4321
        )
        return recorded_earlier(directory)

    @cached_property
    def stopped_early(self) -> RecordedRun:
        """Stopped in the middle."""
        return self._run(ALL_CHECKPOINTS, [self.early_stop])

    @cached_property
    def early_stop(self) -> StopAt:
        """What stops this run; it knows how many iterations were made."""
        return StopAt(self.middle)

    def stopped_and_resumed(self) -> RecordedRun:
        """Stopped in the middle, and resumed up to where the reference ended."""
        directory = self._run(ALL_CHECKPOINTS, [StopAt(self.middle)]).directory
        return resume_in_process(directory, listeners=[StopAt(LONGEST - self.middle)])

    def killed_and_resumed(self) -> RecordedRun:
        """Killed one iteration later, before that one's checkpoint, and resumed up to where the reference ended."""
        overrides = [*ALL_CHECKPOINTS, *self._overrides]
        at = min(self.middle + 1, self.length)
        directory = run_in_child(self._trainer, overrides, self._new_folder(), end="kill", at=at, hash_seed=0)
        return resume_in_process(directory, listeners=[StopAt(LONGEST - (at - 1))])

    def failing(self, listener: object) -> RecordedRun:
        """A run with a listener that makes it fail."""
        return self._run(NO_CHECKPOINTS, [listener])

    def _run(self, checkpoints: Sequence[str], listeners: Sequence[object]) -> RecordedRun:
        overrides = [*checkpoints, *self._overrides]
        return run_in_process(self._trainer, overrides, runs=self._new_folder(), listeners=listeners)

    @cached_property
    def _late_stop(self) -> StopAt:
        return StopAt(LONGEST)

    @cached_property
    def _progress(self) -> ProgressRecorder:
        return ProgressRecorder()

    @cached_property
    def _root(self) -> str:
        root = tempfile.mkdtemp(prefix="mlkernel-checks-")
        weakref.finalize(self, shutil.rmtree, root, ignore_errors=True)
        return root

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._root))
