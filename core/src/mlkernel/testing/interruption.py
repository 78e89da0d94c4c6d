"""Listeners that end a run in the middle, always at the same place."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from mlkernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from mlkernel.run.run import Run


class StopAt:
    """Asks the run to stop at the end of its n-th iteration, of whatever resumable loop, as SIGTERM from outside does.

    Only in the main thread, where Python delivers signals.
    """

    def __init__(self, iterations: int) -> None:
        self._iterations = iterations
        self.made = 0
        """Iterations of resumable loops that ended so far."""

    @hookimpl
    def on_iteration_ended(self, run: Run, phase: str) -> None:
        """Count."""
        self.made += run.is_resumable(phase)
        if self.made == self._iterations and run.is_resumable(phase):
            self.end()

    def end(self) -> None:
        """What happens at the n-th."""
        signal.raise_signal(signal.SIGTERM)


class KillAt(StopAt):
    """Kills this process at the end of the n-th iteration, before a checkpoint that is due is made."""

    def end(self) -> None:
        """Die."""
        os.kill(os.getpid(), signal.SIGKILL)


class FailAt:
    """Raises in the trainer's loop, at its first iteration's end, where the run asks whether to stop."""

    @hookimpl(tryfirst=True)
    def should_stop(self) -> str:
        """Fail."""
        raise DeliberateError("raised on purpose, to see what the trainer makes of it")


class DeliberateError(Exception):
    """What a check raises inside a trainer."""
