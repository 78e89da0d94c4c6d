"""Decides when a run's state is saved, saves it, and keeps a copy of the last boundary for the worst case."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkernel.checkpoint.checkpoint_store import CheckpointStore
from mlkernel.checkpoint.state_codec import FindCodec
from mlkernel.checkpoint.state_tree import copy_state

if TYPE_CHECKING:
    from mlkernel.checkpoint.checkpoint import Checkpoint
    from mlkernel.config.run_config import CheckpointConfig

SNAPSHOT_SHARE = 0.01
"""Largest share of the time that copying the state at boundaries may take."""

State = dict[str, Any]
Facts = dict[str, Any]


class Checkpointer:
    """Saves the state of a run at boundaries.

    Between checkpoints it holds a copy of the state at the last boundary, made only as often as it costs next to
    nothing. Iterations so short that it is not made every time are over before anyone can interrupt them.

    :param gather: gives the state and the facts of its manifest, as they are now.
    :param write: writes a state into a folder.
    """

    def __init__(
        self,
        store: CheckpointStore,
        config: CheckpointConfig,
        *,
        gather: Callable[[], tuple[State, Facts]],
        write: Callable[[State, Path], None],
        find_codec: FindCodec,
    ) -> None:
        self._store = store
        self._config = config
        self._gather = gather
        self._write = write
        self._find_codec = find_codec
        self._last_save = time.monotonic()
        self._boundaries = 0
        """Resumable ones since the last checkpoint."""
        self._snapshot: tuple[State, Facts] | None = None
        self._next_snapshot = 0.0
        self._is_warm = False

    def count_boundary(self) -> None:
        """Note that an iteration of a resumable loop ended."""
        self._boundaries += 1

    def is_due(self, now: float, completed: int | None) -> bool:
        """Whether the boundary that was just reached calls for a checkpoint.

        :param now: from ``time.monotonic``.
        :param completed: iterations of the outermost loop if the boundary is its own.
        """
        config = self._config
        return (
            (config.every_iterations is not None and self._boundaries >= config.every_iterations)
            or (config.every_seconds is not None and now - self._last_save >= config.every_seconds)
            or self.is_kept(completed)
        )

    def is_kept(self, completed: int | None) -> bool:
        """Whether a checkpoint here is one of those that stay for ever."""
        every = self._config.keep_every
        return every is not None and completed is not None and completed % every == 0

    def save(self, *, kept: bool = False) -> Checkpoint:
        """Save the state as it is now.

        :raises StorageError: the disk is full or not writable; earlier checkpoints are whole.
        """
        state, facts = self._gather()
        return self._save(state, {**facts, "kept": kept})

    def keep_snapshot(self, now: float) -> None:
        """Copy the state of this boundary, if that is cheap enough."""
        if not self._config.snapshot or now < self._next_snapshot:
            return
        started = time.monotonic()
        state, facts = self._gather()
        self._snapshot = (copy_state(state, self._find_codec), facts)
        if self._is_warm:
            cost = time.monotonic() - started
            self._next_snapshot = started + cost / SNAPSHOT_SHARE
        self._is_warm = True  # the first copy also loads the codecs, so what it cost says nothing

    def save_snapshot(self) -> Checkpoint | None:
        """Save the copy of the last boundary, after the trainer was torn out of an iteration."""
        if self._snapshot is None:
            return None
        state, facts = self._snapshot
        return self._save(state, {**facts, "kept": False})

    def _save(self, state: State, facts: Facts) -> Checkpoint:
        checkpoint = self._store.save(partial(self._write, state), **facts)
        self._last_save = time.monotonic()
        self._boundaries = 0
        self._snapshot = None
        return checkpoint
