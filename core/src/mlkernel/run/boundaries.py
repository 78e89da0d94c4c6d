"""What happens where loops begin, at the end of each iteration, and where they end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlkernel.errors import RunStopped, UsageError
from mlkernel.run.progress_reporter import Throttle

if TYPE_CHECKING:
    from mlkernel.run.loop import Loop
    from mlkernel.run.run import Run
    from mlkernel.run.run_context import RunContext
    from mlkernel.run.state_keeper import StateKeeper


class Boundaries:
    """Serves the loops of one run: positions, progress, notifications, checkpoints, and stopping."""

    def __init__(self, run: Run, keeper: StateKeeper, context: RunContext) -> None:
        self._run = run
        self._keeper = keeper
        self._positions = keeper.state.positions
        self._status = context.status
        self._hooks = context.hooks
        self._stop_request = context.stop_request
        self._look = Throttle()
        self._notify_iteration = context.hooks.notifier("on_iteration_ended")
        self._closed: list[Loop] = []

    @property
    def stop_reason(self) -> str | None:
        """Why the run shall stop at the next boundary; ``None`` if it shall not."""
        return self._stop_request.reason

    def request_stop(self, reason: str) -> None:
        """Stop at the next boundary of a resumable loop."""
        self._stop_request.ask(reason)

    def enter(self, loop: Loop) -> None:
        """Begin a loop where an earlier attempt left it.

        :raises UsageError: this attempt already ran a loop of its name at its level.
        """
        self.settle()
        loop.path = self._positions.enter(loop.name, loop.total, resumable=loop.resumable)
        loop.completed = self._positions.completed[loop.path]
        if loop.total is not None and loop.completed > loop.total:
            raise UsageError(
                f"phase {loop.path!r} has done {loop.completed} iterations already, more than its total of"
                f" {loop.total}",
                hint="A run can be extended and not shortened: set the total to what was done, or to more.",
            )
        if self._positions.has_ended(loop.path, loop.total):
            loop.total = loop.completed
        self._run.progress.phase_started(loop.path, loop.total, loop.completed)
        self._hooks.notifier("on_phase_started")(
            run=self._run, phase=loop.path, total=loop.total, completed=loop.completed
        )
        self._keeper.state.enter_loop(loop.path)

    def turn(self, loop: Loop) -> None:
        """End an iteration.

        Only at boundaries of resumable loops is the state saved and the run stopped: elsewhere, what the iteration
        around has done up to here would be done again, on a state that has it already.

        :raises RunStopped: the run was asked to stop; its state has been saved.
        """
        self.settle()
        self._positions.advance(loop.path, loop.completed)
        if self._notify_iteration:
            self._notify_iteration(run=self._run, phase=loop.path, completed=loop.completed)
        now = time.monotonic()
        if self._look.is_due(now):
            self._look_around(loop)
        if loop.path in self._positions.resumable:
            self._save_or_stop(loop, now)

    def leave(self, loop: Loop) -> None:
        """End a loop for good."""
        self._note_progress()
        self._run.progress.phase_ended(loop.path, loop.completed)
        self._positions.leave(loop.path)
        self._hooks.notifier("on_phase_ended")(run=self._run, phase=loop.path)

    def close(self, loop: Loop) -> None:
        """An exception is on its way through the loop, or its generator was closed, as by ``break``.

        Only what comes next tells whether the trainer catches it, so the loop is left when training goes on.
        """
        self._closed.append(loop)

    def settle(self) -> None:
        """Training goes on: leave the loops that were closed."""
        while self._closed:
            self.leave(self._closed.pop(0))

    def _save_or_stop(self, loop: Loop, now: float) -> None:
        reason = self._stop_request.reason
        outermost = loop.completed if len(self._positions.active) == 1 else None
        self._keeper.at_boundary(now, outermost, must_save=reason is not None)
        if reason is not None:
            self._note_progress()
            raise RunStopped(reason)

    def _look_around(self, loop: Loop) -> None:
        """What is done at boundaries, but at most ten times a second."""
        self._run.progress.advance(loop.path, loop.completed)
        self._note_progress()
        reason = self._hooks.ask("should_stop", run=self._run, phase=loop.path, completed=loop.completed)
        if reason:
            self._stop_request.ask(reason)

    def _note_progress(self) -> None:
        # Replaced whole, never changed in place: the heartbeat may be writing it.
        self._status.progress = {
            path: (completed, self._positions.totals.get(path))
            for path, completed in self._positions.completed.items()
        }
