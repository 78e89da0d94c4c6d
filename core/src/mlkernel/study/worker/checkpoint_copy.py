"""Population-based training: a run goes on from another run's newest checkpoint."""

from __future__ import annotations

import shutil

from mlkernel.checkpoint.checkpoint_store import CheckpointStore, Retention
from mlkernel.checkpoint.manifest import verify
from mlkernel.errors import CheckpointError
from mlkernel.records.atomic_file import storage_errors
from mlkernel.records.run_directory import RunDirectory

_TRIES = 5
"""The source may be training: a checkpoint that vanishes while it is copied has a successor."""


def copy_checkpoint(source: RunDirectory, target: RunDirectory) -> None:
    """Replace the checkpoints of *target* by the newest intact one of *source*, and its history by what led there.

    Nothing is changed in *source*. A copy that was cut short is made anew when this is called again. Artifacts and the
    plan of *target* stay.

    :raises CheckpointError: the source has no intact checkpoint.
    :raises StorageError: the disk is full or not writable.
    """
    with storage_errors(target.checkpoints):
        shutil.rmtree(target.checkpoints, ignore_errors=True)
        target.checkpoints.mkdir(parents=True)
        for _ in range(_TRIES):
            if _copy_newest(source, target):
                break
        else:
            raise CheckpointError(
                f"{source.path} has no intact checkpoint to go on from",
                hint="It must have trained up to its first checkpoint before another run copies it.",
            )


def _copy_newest(source: RunDirectory, target: RunDirectory) -> bool:
    """Whether a checkpoint was copied whole."""
    for checkpoint in reversed(CheckpointStore(source.checkpoints, Retention()).checkpoints()):
        aside = target.checkpoints / f".copying-{checkpoint.number:06d}"
        try:
            shutil.copytree(checkpoint.directory, aside)
            verify(aside)
        except (CheckpointError, FileNotFoundError, shutil.Error):
            shutil.rmtree(aside, ignore_errors=True)
            continue
        # After the checkpoint, so that they hold at least what it counts on.
        for theirs, own in ((source.metrics, target.metrics), (source.journal, target.journal)):
            own.unlink(missing_ok=True)
            if theirs.exists():
                shutil.copyfile(theirs, own)
        aside.rename(target.checkpoints / f"{checkpoint.number:06d}")
        return True
    return False
