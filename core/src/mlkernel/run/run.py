"""The one object that a trainer sees."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from mlkernel.checkpoint.checkpoint import Checkpoint
from mlkernel.checkpoint.checkpoint_store import CheckpointStore, Retention
from mlkernel.checkpoint.state_codec import FindCodec
from mlkernel.errors import RunStopped
from mlkernel.records.artifacts import writing_artifact
from mlkernel.records.journal import Journal
from mlkernel.records.metrics import MetricRecord, MetricWriter
from mlkernel.records.status import BestValue
from mlkernel.run.checkpointer import Checkpointer
from mlkernel.run.loop import Loop
from mlkernel.run.loop_positions import LoopPositions
from mlkernel.run.progress_reporter import ProgressReporter, Throttle
from mlkernel.run.random_stream import (
    RandomStream,
    global_generator_states,
    restore_global_generators,
    seed_global_generators,
)

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from mlkernel.config.run_config import CheckpointConfig
    from mlkernel.records.run_directory import RunDirectory
    from mlkernel.records.status import Status
    from mlkernel.run.hook_bus import HookBus
    from mlkernel.run.plan import Plan
    from mlkernel.run.stop_request import StopRequest

Result = TypeVar("Result")


class Stateful(Protocol):
    """What can join a run's checkpoints."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that must survive."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take it back."""


class Run:
    """A trainer's view of its run: loops, durable steps, randomness, metrics, artifacts.

    Made by the session, which is described in :mod:`mlkernel.run.session`.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        files: RunDirectory,
        config: Any,
        checkpoint_config: CheckpointConfig,
        status: Status,
        hooks: HookBus,
        logger: FilteringBoundLogger,
        stop_request: StopRequest,
        find_codec: FindCodec,
    ) -> None:
        self.plan = plan
        """What was asked."""
        self.id = files.run_id
        """The run's name."""
        self.directory: Path = files.path
        """The run directory."""
        self.config = config
        """The trainer's configuration."""
        self.seed = plan.seed
        """From it every random stream is derived."""
        self.attempt = len(status.attempts)
        """1 the first time; grows with each resume."""
        self.resumed = False
        """Whether state of an earlier attempt was found."""
        self.hooks = hooks
        """The hooks of this run."""
        self.logger = logger
        """A structlog logger; its events go to ``events.jsonl`` and to the console."""
        self.progress = ProgressReporter()
        """The progress bar, if one is shown."""
        self.status = status
        """Where the run stands."""
        self._files = files
        self._stop_request = stop_request
        self._metrics = MetricWriter(files.metrics)
        self._journal = Journal(files.journal)
        self._positions = LoopPositions()
        self._streams: dict[str, RandomStream] = {}
        self._kept: dict[str, Stateful] = {}
        self._restored: dict[str, Any] = {"streams": {}, "kept": {}}
        self._restored_globals: tuple[str | None, dict[str, Any]] | None = None
        self._reported: BestValue | None = None
        self._earlier_seconds = 0.0
        self._started = time.monotonic()
        self._look = Throttle()
        self._store = CheckpointStore(
            files.checkpoints,
            Retention(keep_last=checkpoint_config.keep_last, keep_best=checkpoint_config.keep_best),
        )
        self._checkpointer = Checkpointer(
            self._store,
            checkpoint_config,
            gather=self._gather,
            write=self._write_state,
            find_codec=find_codec,
        )
        self._notify_logged = hooks.notifier("on_metrics_logged")
        self._notify_iteration = hooks.notifier("on_iteration_ended")
        self._is_stop_answered = hooks.is_answered("should_stop")
        seed_global_generators(self.seed)

    # What a trainer uses

    def loop(self, name: str, total: int | None = None, *, description: str | None = None) -> Loop:
        """The resumable loop: ``for iteration in run.loop("train", total=100):``.

        It counts on where an earlier attempt's last checkpoint was made, shows progress, makes checkpoints when they
        are due, and stops at an iteration's end when the run is asked to. Loops nest.

        :param name: unique among the loops at its level; the phase under which metrics are logged.
        :param total: how many iterations, or ``None`` to go on until the body breaks.
        :param description: shown beside the progress bar.
        :raises UsageError: on entering, if another loop at its level has the name.
        """
        return Loop(self, name, total, description)

    def once(self, key: str, function: Callable[[], Result]) -> Result:
        """A durable step: call *function*, unless an attempt did so before; give the result of that one time.

        The result is on disk before this returns. A crash inside *function* leaves the step undone.

        :param key: unique for the step; put the iteration's number into it where steps repeat.
        :param function: returns what JSON can hold.
        :raises TypeError: the result is nothing that JSON can hold.
        """
        return self._journal.once(key, function)

    def random(self, name: str) -> RandomStream:
        """The random stream *name*: independent of all others, equal in every process, part of the checkpoints."""
        if name not in self._streams:
            stream = self._streams[name] = RandomStream(self.seed, name)
            state = self._restored["streams"].pop(name, None)
            if state is not None:
                stream.load_state_dict(state)
        return self._streams[name]

    def keep(self, name: str, stateful: Stateful) -> None:
        """Make *stateful* part of the checkpoints. In a resumed run its state is loaded here and now.

        :param name: unique in the run and the same in every attempt.
        """
        self._kept[name] = stateful
        state = self._restored["kept"].pop(name, None)
        if state is not None:
            stateful.load_state_dict(state)

    def log(self, metrics: Mapping[str, Any], *, phase: str, iteration: int) -> None:
        """Append a record to ``metrics.jsonl``; inside a loop, ``iteration.log`` is shorter.

        :raises TypeError: a value is no number.
        """
        seconds = self.elapsed
        self._metrics.append(phase, iteration, seconds, metrics)
        self.progress.note_metrics(metrics)
        if self._notify_logged:
            self._notify_logged(run=self, record=MetricRecord(phase, iteration, seconds, metrics))

    def report(self, metric: str, value: float, *, mode: Literal["max", "min"] = "max") -> None:
        """Report the value by which runs are compared; the state in which the best one was reported is kept.

        :param mode: whether larger or smaller values are better.
        """
        value = float(value)
        best = self.status.best
        sign = 1.0 if mode == "max" else -1.0
        if best is None or best.metric != metric or sign * value > sign * best.value:
            self.status.best = self._reported = BestValue(metric=metric, value=value, mode=mode)
        self.hooks.notifier("on_metric_reported")(run=self, metric=metric, value=value)

    def best_state(self, name: str = "trainer") -> dict[str, Any] | None:
        """What *name* had as its state when the best value was reported; ``None`` if no checkpoint holds it.

        :param name: as given to :meth:`keep`.
        """
        best = self._store.best()
        if best is None:
            return None
        state: dict[str, Any] = self.hooks.ask("load_checkpoint", run=self, directory=best.directory)["kept"][
            name
        ]
        return state

    @contextmanager
    def artifact(self, name: str) -> Iterator[Path]:
        """Keep a file: ``with run.artifact("curve.png") as path: ...`` writes aside and renames at the end.

        :param name: its name in ``artifacts``, folders allowed.
        """
        with writing_artifact(self._files.artifacts, name) as path:
            yield path
        self.hooks.notifier("on_artifact_kept")(run=self, path=self._files.artifacts / name)

    def note(self, key: str, value: Any) -> None:
        """Remember a fact about the run that ``kernel show`` prints.

        :param value: what JSON can hold.
        """
        self.status.notes = {
            **self.status.notes,
            key: value,
        }  # replaced whole: another thread may be writing it

    @property
    def elapsed(self) -> float:
        """Seconds of training, over all attempts."""
        return self._earlier_seconds + time.monotonic() - self._started

    # What loops use

    def _enter_loop(self, loop: Loop) -> None:
        loop.path = self._positions.enter(loop.name, loop.total)
        loop.completed = self._positions.completed[loop.path]
        if self._positions.has_ended(loop.path, loop.total):
            loop.total = loop.completed
        self.progress.phase_started(loop.path, loop.total, loop.completed)
        self.hooks.notifier("on_phase_started")(
            run=self, phase=loop.path, total=loop.total, completed=loop.completed
        )
        if self._restored_globals is not None and self._restored_globals[0] in (loop.path, None):
            restore_global_generators(self._restored_globals[1])
            self._restored_globals = None

    def _end_iteration(self, loop: Loop) -> None:
        self._positions.advance(loop.path, loop.completed)
        if self._notify_iteration:
            self._notify_iteration(run=self, phase=loop.path, completed=loop.completed)
        now = time.monotonic()
        if self._look.is_due(now):
            self._look_around(loop)
        reason = self._stop_request.reason
        outermost = loop.completed if len(self._positions.active) == 1 else None
        if self._checkpointer.is_due(now, outermost) or self._reported or reason:
            self._save(kept=self._checkpointer.is_kept(outermost))
        else:
            self._checkpointer.keep_snapshot(now)
        if reason:
            raise RunStopped(reason)

    def _leave_loop(self, loop: Loop) -> None:
        if self.status.state != "running":  # the generator of a loop that an exception ended, collected late
            return
        self._note_progress()
        self.progress.phase_ended(loop.path, loop.completed)
        self._positions.leave(loop.path)
        self.hooks.notifier("on_phase_ended")(run=self, phase=loop.path)

    def _describe(self, loop: Loop, text: str) -> None:
        self.progress.describe(loop.path, text)

    def _look_around(self, loop: Loop) -> None:
        """What is done at boundaries, but at most ten times a second."""
        self.progress.advance(loop.path, loop.completed)
        self._note_progress()
        if self._is_stop_answered:
            reason = self.hooks.ask("should_stop", run=self, phase=loop.path, completed=loop.completed)
            if reason:
                self._stop_request.ask(reason)

    def _note_progress(self) -> None:
        totals = self._positions.totals
        self.status.progress = {
            path: (done, totals.get(path)) for path, done in self._positions.completed.items()
        }

    # What the session uses

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from *checkpoint*: parts of the state are handed out as streams and kept objects ask for them."""
        state = self.hooks.ask("load_checkpoint", run=self, directory=checkpoint.directory)
        own = state["run"]
        self._positions.load_state_dict(own["positions"])
        self._restored = {"streams": dict(own["streams"]), "kept": dict(state["kept"])}
        active = own["positions"]["active"]
        self._restored_globals = (active[-1] if active else None, own["global_generators"])
        self._earlier_seconds = own["seconds"]
        self.status.best = BestValue(**own["best"]) if own["best"] else None
        self._metrics.rewind(checkpoint.manifest.metrics_size)
        self.resumed = True
        self.hooks.notifier("on_checkpoint_restored")(run=self, checkpoint=checkpoint)

    def begin_anew(self) -> None:
        """An attempt without a checkpoint to go on from: what an earlier one logged will be logged again."""
        self._metrics.rewind(0)
        self.status.best = None

    def newest_checkpoint(self) -> Checkpoint | None:
        """The newest intact checkpoint; damaged ones are reported and set aside.

        :raises CheckpointError: there are checkpoints and all are damaged.
        """
        self._store.clear_leftovers()
        return self._store.newest_intact(
            lambda error: self.logger.warning(
                "a checkpoint is damaged; the one before is used", error=str(error)
            )
        )

    def save_final_state(self) -> None:
        """Save the state after training, so that the run can be extended."""
        self._save(kept=False)

    def save_last_boundary(self) -> None:
        """Save the copy of the last boundary's state, if it is newer than the newest checkpoint."""
        self._metrics.sync()
        self._checkpointer.save_snapshot()

    def flush(self) -> None:
        """Show other processes everything that was logged."""
        self._metrics.flush()

    def close(self) -> None:
        """Close the files."""
        self._metrics.close()

    def _save(self, *, kept: bool) -> None:
        self._metrics.sync()
        checkpoint = self._checkpointer.save(kept=kept)
        self._reported = None
        self.hooks.notifier("on_checkpoint_saved")(run=self, checkpoint=checkpoint)

    def _write_state(self, state: dict[str, Any], directory: Path) -> None:
        self.hooks.ask("save_checkpoint", run=self, state=state, directory=directory)

    def _gather(self) -> tuple[dict[str, Any], dict[str, Any]]:
        streams = {name: stream.state_dict() for name, stream in self._streams.items()}
        kept = {name: stateful.state_dict() for name, stateful in self._kept.items()}
        best = self.status.best
        state = {
            "run": {
                "positions": self._positions.state_dict(),
                "streams": {**self._restored["streams"], **streams},
                "global_generators": global_generator_states(),
                "seconds": self.elapsed,
                "best": _as_dictionary(best),
            },
            "kept": {**self._restored["kept"], **kept},
        }
        facts = {
            "completed": dict(self._positions.completed),
            "metrics_size": self._metrics.size,
            "reported": _as_dictionary(self._reported),
        }
        return state, facts


def _as_dictionary(best: BestValue | None) -> dict[str, Any] | None:
    return {"metric": best.metric, "value": best.value, "mode": best.mode} if best else None
