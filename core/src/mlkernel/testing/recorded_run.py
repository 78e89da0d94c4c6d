"""Runs in the test's own process, with everything that a test wants to look at afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from mlkernel.checkpoint.checkpoint import Checkpoint
from mlkernel.checkpoint.checkpoint_store import CheckpointStore, Retention
from mlkernel.checkpoint.state_tree import load_state
from mlkernel.config.sections import build, from_plain
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import KernelError
from mlkernel.records.metrics import Metrics, read_metrics
from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.status import Status, read_status
from mlkernel.run.hook_bus import HookBus
from mlkernel.run.kernel_answers import KernelAnswers, codec_finder
from mlkernel.run.plan import read_plan
from mlkernel.run.session import Attempt, make_plan
from mlkernel.testing.event_recorder import EventRecorder

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

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
    :raises UsageError: what was asked for is wrong; a failure of the training itself is in the result.
    """
    component = resolve("trainer", trainer)
    configuration = build(
        component.config_class(), overrides=[*QUIET, *overrides], descriptor=component.descriptor
    )
    plan = make_plan(component, configuration)
    files = RunDirectory(Path(runs) / plan.run_id)
    files.path.mkdir(parents=True)
    return RecordedAttempt(files, plan, component, configuration, Status()).record(listeners)


def resume_in_process(
    directory: str | Path, overrides: Sequence[str] = (), *, listeners: Sequence[object] = ()
) -> RecordedRun:
    """Resume the run in *directory*, as :func:`run_in_process` runs."""
    files = RunDirectory(Path(directory))
    plan, status = read_plan(files.plan), read_status(files)
    component = resolve("trainer", plan.trainer.reference)
    configuration = from_plain(
        component.config_class(), plan.config, overrides, descriptor=component.descriptor
    )
    return RecordedAttempt(files, plan, component, configuration, status).record(listeners)


def recorded_earlier(directory: str | Path) -> RecordedRun:
    """Return the run that lies in *directory*, made by another process; what listeners heard there is not known."""
    files = RunDirectory(Path(directory))
    return RecordedRun(directory=files.path, state=read_status(files).state, recorder=EventRecorder())


class RecordedAttempt(Attempt):
    """An attempt whose listeners are the recorder and those of the test."""

    _listeners: tuple[object, ...] = ()

    def record(self, listeners: Sequence[object]) -> RecordedRun:
        """Train and gather what happened."""
        recorder = EventRecorder()
        self._listeners = (recorder, *listeners)
        error = None
        try:
            state = str(self.train().status.state)
        except KernelError as raised:
            state, error = "failed", raised
        return RecordedRun(directory=self._files.path, state=state, recorder=recorder, error=error)

    def _make_hooks(self, logger: FilteringBoundLogger) -> HookBus:
        hooks = HookBus(logger, strict=self._configuration.run.strict_plugins)
        hooks.register(KernelAnswers(self._find_codec), "mlkernel")
        for number, listener in enumerate(self._listeners):
            hooks.register(listener, f"listener {number} ({type(listener).__name__})")
        hooks.seal()
        return hooks
