"""Runs in the test's own process, with everything that a test wants to look at afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from mlkernel.checkpoint.checkpoint import Checkpoint
from mlkernel.checkpoint.checkpoint_store import CheckpointStore, Retention
from mlkernel.checkpoint.state_tree import load_state
from mlkernel.errors import KernelError
from mlkernel.hookspecs import hookimpl
from mlkernel.records.metrics import Metrics, read_metrics
from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.status import read_status
from mlkernel.run.attempt import Outcome
from mlkernel.run.kernel_answers import codec_finder
from mlkernel.run.session import resume_run, start_run
from mlkernel.testing.event_recorder import EventRecorder

if TYPE_CHECKING:
    from mlkernel.run.run import Run

QUIET = ("run.progress_bar=none", "run.log_level=error", "run.strict_plugins=true")
"""Laid under the overrides of every recorded run."""


@frozen(kw_only=True)
class RecordedRun:
    """One attempt at a run, after its end."""

    directory: Path
    """The run directory."""
    state: str
    """``"finished"``, ``"stopped"`` or ``"failed"``."""
    recorder: EventRecorder = field(repr=False)
    """What listeners heard, in this attempt."""
    error: KernelError | None = None
    """What a failed run raised."""

    @property
    def metrics(self) -> Metrics:
        """What the trainer logged, in all attempts."""
        return read_metrics(self.directory)

    @property
    def logged(self) -> list[dict[str, Any]]:
        """The metrics without their times: what must be equal in equal runs."""
        return [
            {"phase": record.phase, "iteration": record.iteration, **record.metrics}
            for record in self.metrics
        ]

    def checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint, if there is one."""
        store = CheckpointStore(RunDirectory(self.directory).checkpoints, Retention())
        return next(reversed(store.checkpoints()), None)

    def trainer_state(self) -> dict[str, Any]:
        """The trainer's state in the newest checkpoint."""
        checkpoint = self.checkpoint()
        assert checkpoint is not None, f"run {self.directory} made no checkpoint"
        state: dict[str, Any] = load_state(checkpoint.directory, codec_finder())["kept"]["trainer"]
        return state


def run_in_process(
    trainer: str, overrides: Sequence[str] = (), *, runs: str | Path, listeners: Sequence[object] = ()
) -> RecordedRun:
    """Train in this process, quietly and strictly: a listener or a hook of the trainer that raises ends the run.

    Installed listeners do not take part.

    :param trainer: as users write it, such as a name or ``./file.py:Class``.
    :param overrides: ``path=value``.
    :param runs: the folder in which the run directory is made, such as ``tmp_path``.
    :param listeners: objects with hook implementations, told after the recorder.
    :raises KernelError: no trainer could be made; a failure of the training is in the result.
    """
    overrides = [*QUIET, *overrides]
    return _recorded(
        lambda heard: start_run(trainer, overrides=overrides, runs=runs, listeners=heard), listeners
    )


def resume_in_process(
    directory: str | Path, overrides: Sequence[str] = (), *, listeners: Sequence[object] = ()
) -> RecordedRun:
    """Resume the run in *directory*, as :func:`run_in_process` runs."""
    return _recorded(lambda heard: resume_run(directory, overrides=overrides, listeners=heard), listeners)


def recorded_earlier(directory: str | Path) -> RecordedRun:
    """Return the run that lies in *directory*, made by another process; what listeners heard there is not known."""
    files = RunDirectory(Path(directory))
    return RecordedRun(directory=files.path, state=read_status(files).state, recorder=EventRecorder())


def _recorded(train: Callable[[Sequence[object]], Outcome], listeners: Sequence[object]) -> RecordedRun:
    recorder, witness = EventRecorder(), _Witness()
    error = None
    try:
        train([recorder, witness, *listeners])
    except KernelError as raised:
        if witness.directory is None:
            raise
        error = raised
    assert witness.directory is not None
    # A plugin that fails before anything was trained leaves no directory behind.
    files = RunDirectory(witness.directory)
    state = read_status(files).state if files.status.exists() else "failed"
    return RecordedRun(directory=files.path, state=state, recorder=recorder, error=error)


class _Witness:
    """Learns where a run lies, which a run that fails does not tell otherwise."""

    def __init__(self) -> None:
        self.directory: Path | None = None

    @hookimpl
    def on_run_started(self, run: Run) -> None:
        self.directory = run.directory
