"""Listeners that end a run in the middle, always at the same place."""

from __future__ import annotations

import os
import signal

from mlkernel.hookspecs import hookimpl


class StopAt:
    """Asks the run to stop at the end of its n-th iteration, of whatever loop, as SIGTERM from outside does.

    Only in the main thread, where Python delivers signals.
    """

    def __init__(self, iterations: int) -> None:
        self._left = iterations

    @hookimpl
    def on_iteration_ended(self) -> None:
        """Count."""
        self._left -= 1
        if self._left == 0:
            signal.raise_signal(signal.SIGTERM)


class KillAt(StopAt):
    """Kills this process at the end of the n-th iteration, before a checkpoint that is due is made."""

    @hookimpl
    def on_iteration_ended(self) -> None:
        """Count."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class FailAt:
    """Raises in the trainer's loop, at its first iteration's end, where the run asks whether to stop."""

    @hookimpl(tryfirst=True)
    def should_stop(self) -> str:
        """Fail."""
        raise DeliberateError("raised on purpose, to see what the trainer makes of it")


class DeliberateError(Exception):
    """What a check raises inside a trainer."""
