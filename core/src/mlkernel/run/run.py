"""The one object that a trainer sees."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from mlkernel.errors import RunStopped, UsageError
from mlkernel.records.artifacts import writing_artifact
from mlkernel.records.journal import Journal
from mlkernel.records.metrics import MetricRecord, as_numbers
from mlkernel.records.status import BestValue
from mlkernel.run.boundaries import Boundaries
from mlkernel.run.loop import Loop
from mlkernel.run.progress_reporter import ProgressReporter
from mlkernel.run.random_stream import RandomStream, seed_global_generators
from mlkernel.run.state_keeper import StateKeeper

if TYPE_CHECKING:
    from mlkernel.run.kept_objects import Stateful
    from mlkernel.run.run_context import RunContext

Result = TypeVar("Result")


class Run:
    """A trainer's view of its run: loops, durable steps, randomness, metrics, artifacts.

    Its methods are for the thread that trains. Made by the session, which is described in :mod:`mlkernel.run.session`.
    """

    def __init__(self, context: RunContext) -> None:
        self.plan = context.plan
        """What was asked."""
        self.id = context.files.run_id
        """The run's name."""
        self.directory: Path = context.files.path
        """The run directory."""
        self.config = context.config
        """The trainer's configuration."""
        self.seed = context.plan.seed
        """From it every random stream is derived."""
        self.attempt = len(context.status.attempts)
        """1 the first time; grows with each resume."""
        self.hooks = context.hooks
        """The hooks of this run."""
        self.logger = context.logger
        """A structlog logger; its events go to ``events.jsonl`` and to the console."""
        self.progress = ProgressReporter(context.logger)
        """The progress bar, if one is shown."""
        self.status = context.status
        """Where the run stands."""
        self._artifacts = context.files.artifacts
        self._journal = Journal(context.files.journal)
        self._notify_logged = context.hooks.notifier("on_metrics_logged")
        seed_global_generators(self.seed)
        self.keeper = StateKeeper(self, context)
        """The run's state and its checkpoints, served by the session."""
        self.resumed = self.keeper.restore() is not None
        """Whether state of an earlier attempt was found."""
        self.status.best = self.keeper.state.best
        self.boundaries = Boundaries(self, self.keeper, context)

    def loop(
        self,
        name: str,
        total: int | None = None,
        *,
        description: str | None = None,
        resumable: bool | None = None,
    ) -> Loop:
        """The resumable loop: ``for iteration in run.loop("train", total=100):``.

        It counts on where an earlier attempt's last checkpoint was made, shows progress, makes checkpoints when they
        are due, and stops at an iteration's end when the run is asked to.

        Loops nest. An inner loop only shows progress: the run saves its state and stops at the ends of the outermost
        loop's iterations, and one that was cut short is done again from its top, inner loops from 0.

        With ``resumable=True`` the run saves its state and stops in an inner loop, too. A run that is resumed there
        enters the outer iteration at its top, with the state and the random streams of the checkpoint: what comes
        before the inner loop is executed again, and must change nothing if the inner loop's ``completed`` is not 0.

        :param name: unique among the loops at its level, and without ``/``; the phase under which metrics are logged.
        :param total: how many iterations, or ``None`` to go on until the body breaks.
        :param description: shown beside the progress bar.
        :param resumable: whether the run saves its state and stops here; by default in outermost loops. Ignored inside
            a loop that is not resumable.
        :raises UsageError: on entering, if another loop at its level has the name, or it holds a ``/``.
        """
        return Loop(self, self.boundaries, name, total, description=description, resumable=resumable)

    def is_resumable(self, phase: str) -> bool:
        """Whether the run saves its state and stops at the ends of iterations of *phase*, which is running.

        :param phase: a loop's path, as hooks are told it.
        """
        return phase in self.keeper.state.positions.resumable

    def once(self, key: str, function: Callable[[], Result]) -> Result:
        """A durable step: call *function*, unless an attempt did so before; give the result of that one time.

        The result is on disk before this returns. A crash inside *function* leaves the step undone.

        :param key: unique for the step; put the iteration's number into it where steps repeat.
        :param function: returns what JSON can hold.
        :raises TypeError: the result is nothing that JSON can hold.
        """
        return self._journal.once(key, function)

    def random(self, name: str) -> RandomStream:
        """The random stream *name*: independent of all others, equal in every process, part of the checkpoints.

        What a trainer draws while it is set up is the same in every attempt; a resumed attempt's streams stand where
        the checkpoint was made once its loop is entered.
        """
        return self.keeper.state.random(name)

    def keep(self, name: str, stateful: Stateful, *, at_loop: bool = False) -> None:
        """Make *stateful* part of the checkpoints. In a resumed run its state is loaded here and now.

        :param name: unique in the run and the same in every attempt.
        :param stateful: has ``state_dict()`` and ``load_state_dict(state)``.
        :param at_loop: load the state only on entering the loop in which the checkpoint was made; for generators of
            other libraries, from which set-up draws in every attempt.
        :raises UsageError: something else is kept under the name.
        """
        self.keeper.state.keep(name, stateful, at_loop=at_loop)

    def log(self, metrics: Mapping[str, Any], *, phase: str, iteration: int) -> None:
        """Append a record to ``metrics.jsonl``; inside a loop, ``iteration.log`` is shorter.

        :raises TypeError: a value is no number.
        """
        seconds = self.elapsed
        numbers = as_numbers(metrics)
        self.keeper.metrics.append(phase, iteration, seconds, numbers)
        self.progress.note_metrics(phase, numbers)
        if self._notify_logged:
            self._notify_logged(run=self, record=MetricRecord(phase, iteration, seconds, numbers))

    def report(self, metric: str, value: float, *, mode: Literal["max", "min"] = "max") -> None:
        """Report the value by which runs are compared; the state in which the best one was reported is kept.

        :param metric: its name, the same in every call.
        :param mode: whether larger or smaller values are better, the same in every call.
        :raises UsageError: another metric or mode was reported before.
        """
        value = float(value)
        best = self.status.best
        if best is not None and (best.metric, best.mode) != (metric, mode):
            raise UsageError(
                f"the run is compared by {best.metric} ({best.mode}) and now reports {metric} ({mode})",
                hint="Report one metric with one mode, and log the others.",
            )
        sign = 1.0 if mode == "max" else -1.0
        is_better = best is None or sign * value > sign * best.value
        if is_better and not math.isnan(value):
            best = BestValue(metric=metric, value=value, mode=mode)
            self.status.best = self.keeper.state.best = self.keeper.reported = best
        self.hooks.notifier("on_metric_reported")(run=self, metric=metric, value=value)

    def best_state(self, name: str = "trainer") -> dict[str, Any] | None:
        """What *name* had as its state when the best value was reported; ``None`` if no checkpoint holds it.

        :param name: as given to :meth:`keep`.
        """
        state = self.keeper.best_state()
        return None if state is None else state["kept"][name]

    @contextmanager
    def artifact(self, name: str) -> Iterator[Path]:
        """Keep a file: ``with run.artifact("curve.png") as path: ...`` writes aside and renames at the end.

        :param name: its name in ``artifacts``, folders allowed.
        :raises UsageError: the name leads elsewhere, or the block wrote nothing.
        """
        self.keeper.metrics.flush()  # so that a picture can show what was logged up to here
        with writing_artifact(self._artifacts, name) as path:
            yield path
        self.hooks.notifier("on_artifact_kept")(run=self, path=self._artifacts / name)

    def note(self, key: str, value: Any) -> None:
        """Remember a fact about the run that ``kernel show`` prints.

        :param value: what JSON can hold; one that is not a number is shown as ``null``.
        :raises TypeError: it is something else.
        """
        try:
            value = json.loads(
                json.dumps(value)
            )  # a copy, which the heartbeat can write whatever happens to value
        except TypeError as error:
            raise TypeError(f"the note {key!r} cannot be written: {error}") from None
        # Replaced whole, never changed in place: the heartbeat may be writing it.
        self.status.notes = {**self.status.notes, key: value}

    @property
    def stop_reason(self) -> str | None:
        """Why the run was asked to stop, such as ``SIGTERM`` or ``kernel stop``; ``None`` while it was not.

        Loops stop at their next boundary by themselves. Long work inside an iteration, in any thread, looks here to
        begin nothing new.
        """
        return self.boundaries.stop_reason

    def request_stop(self, reason: str) -> None:
        """Ask the run to stop at its next boundary, as a signal does; in ``on_iteration_ended``, at that very one.

        :param reason: for people; the first one stays.
        """
        self.boundaries.request_stop(reason)

    def stop_if_asked(self) -> None:
        """Leave the trainer here if the run was asked to stop: for the middle of long iterations.

        The run can be resumed: it goes on from the last boundary, with the state of that moment, so what the iteration
        did up to here is done again, except for the steps of :meth:`once`. What is kept in files elsewhere must be so
        that doing it again finds it.

        :raises RunStopped: it was; do not catch it. A trainer may also raise one with a reason of its own.
        """
        if self.stop_reason is not None:
            raise RunStopped(self.stop_reason)

    @property
    def elapsed(self) -> float:
        """Seconds of training, over all attempts."""
        return self.keeper.state.elapsed
