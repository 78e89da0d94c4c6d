"""Brings a run's state to disk and back, in step with the metrics that were logged up to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from mlkernel.checkpoint.checkpoint_store import CheckpointStore, Retention
from mlkernel.records.metrics import MetricWriter
from mlkernel.run.checkpointer import Checkpointer
from mlkernel.run.run_state import RunState

if TYPE_CHECKING:
    from mlkernel.checkpoint.checkpoint import Checkpoint
    from mlkernel.records.status import BestValue
    from mlkernel.run.run import Run
    from mlkernel.run.run_context import RunContext


class StateKeeper:
    """The run's state, its metrics file and its checkpoints."""

    def __init__(self, run: Run, context: RunContext) -> None:
        self.state = RunState(context.plan.seed)
        self.metrics = MetricWriter(context.files.metrics)
        self.reported: BestValue | None = None
        """A best value that no checkpoint holds yet."""
        self._run = run
        self._hooks = context.hooks
        self._logger = context.logger
        config = context.checkpoint_config
        retention = Retention(keep_last=config.keep_last, keep_best=config.keep_best)
        self._store = CheckpointStore(context.files.checkpoints, retention)
        self._checkpointer = Checkpointer(
            self._store, config, gather=self._gather, write=self._write, find_codec=context.find_codec
        )

    def restore(self) -> Checkpoint | None:
        """Go on from the newest intact checkpoint, and drop the metrics that were logged after it.

        :returns: it, or ``None`` when none was made yet.
        :raises CheckpointError: there are checkpoints and all are damaged.
        """
        try:
            return self._restore()
        except BaseException:
            self.metrics.close()
            raise

    def _restore(self) -> Checkpoint | None:
        self._store.clear_leftovers()
        checkpoint = self._store.newest_intact(
            lambda error: self._logger.warning(
                "a checkpoint is damaged; the one before is used", error=str(error)
            )
        )
        if checkpoint is None:
            self.metrics.rewind(0)
            return None
        self.state.restore(self._load(checkpoint))
        self.metrics.rewind(checkpoint.manifest.metrics_size)
        self._hooks.notifier("on_checkpoint_restored")(run=self._run, checkpoint=checkpoint)
        return checkpoint

    def best_state(self) -> dict[str, Any] | None:
        """The state in which the best value was reported, if an intact checkpoint holds it."""
        best = self._store.best_intact(
            lambda error: self._logger.warning("the best checkpoint is damaged", error=str(error))
        )
        return None if best is None else self._load(best)

    def at_boundary(self, now: float, completed: int | None, *, must_save: bool) -> None:
        """Save the state if that is due, else perhaps copy it.

        :param now: from ``time.monotonic``.
        :param completed: iterations of the outermost loop if the boundary is its own.
        """
        self._checkpointer.count_boundary()
        if self._checkpointer.is_due(now, completed) or self.reported is not None or must_save:
            self.save(kept=self._checkpointer.is_kept(completed))
        else:
            self._checkpointer.keep_snapshot(now)

    def save(self, *, kept: bool = False) -> None:
        """Save the state as it is now.

        :param kept: for ever.
        :raises StorageError: the disk is full or not writable; earlier checkpoints are whole.
        """
        checkpoint = self._checkpointer.save(kept=kept)
        self.reported = None
        self.tell_of(checkpoint)

    def save_last_boundary(self) -> Checkpoint | None:
        """Save the copy of the last boundary's state, if it is newer than the newest checkpoint.

        :returns: the checkpoint; listeners have not been told of it yet.
        """
        return self._checkpointer.save_snapshot()

    def tell_of(self, checkpoint: Checkpoint) -> None:
        """Notify listeners that *checkpoint* was made."""
        self._hooks.notifier("on_checkpoint_saved")(run=self._run, checkpoint=checkpoint)

    def _load(self, checkpoint: Checkpoint) -> dict[str, Any]:
        state: dict[str, Any] = self._hooks.ask(
            "load_checkpoint", run=self._run, directory=checkpoint.directory
        )
        return state

    def _write(self, state: dict[str, Any], directory: Path) -> None:
        self.metrics.sync()  # after the size in the manifest was read: other threads may be logging
        self._hooks.ask("save_checkpoint", run=self._run, state=state, directory=directory)

    def _gather(self) -> tuple[dict[str, Any], dict[str, Any]]:
        facts = {
            "completed": dict(self.state.positions.completed),
            "metrics_size": self.metrics.size,
            "reported": attrs.asdict(self.reported) if self.reported else None,
        }
        return self.state.gather(), facts
