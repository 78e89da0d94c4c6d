"""Checkpoints of trainable classes: what they write themselves, atomic and verified as those of kernel trainers."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkernel.checkpoint.checkpoint_store import CheckpointStore, Retention
from mlkernel.checkpoint.state_tree import load_state, save_state
from mlkernel.run.kernel_answers import codec_finder
from mlkernel.run.random_stream import SharedGenerators
from mlkernel.study.worker.run_reports import TargetError
from mlkernel.study.worker.trainable_methods import TrainableMethods

_FILES = "files"
"""The folder inside a checkpoint that belongs to the class."""


class ClassCheckpoints:
    """Saves and restores one object, and Python's and NumPy's shared generators with it.

    :param name: of the class, for messages.
    """

    def __init__(self, directory: Path, methods: TrainableMethods, name: str) -> None:
        self._store = CheckpointStore(directory, Retention(keep_last=2, keep_best=0))
        self._methods = methods
        self._name = name
        self._find_codec = codec_finder()

    def save(self, done: int) -> None:
        """Make a checkpoint after *done* steps, if the class has them.

        :raises TargetError: what the class saved cannot be kept.
        :raises StorageError: the disk is full or not writable.
        """
        if self._methods.save is None:
            return
        facts = {"completed": {"step": done}, "metrics_size": 0, "reported": None, "kept": False}
        self._store.save(lambda folder: self._write(folder, done), **facts)

    def restore(self) -> int:
        """Load the newest intact checkpoint, and tell after how many steps it was made; 0 if there is none.

        :raises CheckpointError: there are some, and all are damaged.
        """
        if self._methods.load is None:
            return 0
        self._store.clear_leftovers()
        newest = self._store.newest_intact(
            lambda error: warnings.warn(f"{error.message}; the one before is used", stacklevel=2)
        )
        if newest is None:
            return 0
        state = load_state(newest.directory, self._find_codec)
        self._methods.load(self._given_back(state["saved"], newest.directory / _FILES))
        SharedGenerators().load_state_dict(state["generators"])
        done: int = state["step"]
        return done

    def _write(self, folder: Path, done: int) -> None:
        assert self._methods.save is not None
        files = folder / _FILES
        files.mkdir()
        saved = self._portable(self._methods.save(str(files)), files)
        state = {"step": done, "saved": saved, "generators": SharedGenerators().state_dict()}
        try:
            save_state(state, folder, self._find_codec)
        except TypeError as error:
            raise TargetError(
                f"what {self._name} returned to be saved cannot be kept: {error}",
                hint="Write files into the folder that save_checkpoint is given, and return nothing.",
            ) from error

    def _portable(self, saved: Any, files: Path) -> Any:
        """What was returned, with paths as they are inside the folder, which will be renamed and copied."""
        if saved is None or isinstance(saved, Mapping):
            return saved if saved is None else dict(saved)
        path = Path(saved)
        if not path.is_relative_to(files):
            raise TargetError(
                f"{self._name} saved its state as {path}, outside the folder that it was given",
                hint="Write into that folder: checkpoints are copied and removed as a whole.",
            )
        return str(path.relative_to(files))

    def _given_back(self, saved: Any, files: Path) -> Any:
        return saved if isinstance(saved, dict) else str(files if saved is None else files / saved)
