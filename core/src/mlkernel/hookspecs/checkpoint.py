"""How checkpoints are written and read, and that they were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkernel.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from mlkernel.checkpoint.checkpoint import Checkpoint
    from mlkernel.run.run import Run


class CheckpointHooks:
    """The saving and loading of state."""

    @hookspec(firstresult=True)
    def save_checkpoint(self, run: Run, state: dict[str, Any], directory: Path) -> bool | None:
        """Write *state* into the empty *directory*.

        The kernel makes the write atomic and adds the manifest of hashes around it. The default writes JSON and, for
        arrays and tensors, the files of the state codecs; it never pickles.

        :param state: nested dictionaries and lists with scalars, strings, bytes, arrays and tensors.
        :param directory: aside from its final place; renamed when it is complete.
        :returns: ``True`` when written.
        """

    @hookspec(firstresult=True)
    def load_checkpoint(self, run: Run, directory: Path) -> dict[str, Any] | None:
        """Read what :meth:`save_checkpoint` wrote; hashes have been verified.

        :returns: the state.
        """

    @hookspec
    def on_checkpoint_saved(self, run: Run, checkpoint: Checkpoint) -> None:
        """A checkpoint is complete on disk.

        :param checkpoint: its number, folder and manifest.
        """

    @hookspec
    def on_checkpoint_restored(self, run: Run, checkpoint: Checkpoint) -> None:
        """The state of *checkpoint* has been read and is about to be given to the trainer."""
