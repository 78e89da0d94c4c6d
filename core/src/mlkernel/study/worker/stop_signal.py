"""SIGTERM and Ctrl-C in a worker: remembered, or answered at once where nothing would be lost by it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

from mlkernel.errors import RunStopped


class StopSignal:
    """Knows whether the worker was asked to go, as a context manager in the main thread.

    A kernel trainer answers signals itself while it trains, by stopping at its next boundary.
    """

    def __init__(self) -> None:
        self.reason: str | None = None
        """The signal's name."""
        self._may_raise = False

    def __enter__(self) -> Self:
        """Answer signals from here on, until the process ends."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._answer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave signals to the system."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)

    @contextmanager
    def raising(self, *, may_raise: bool = True) -> Iterator[None]:
        """Raise :class:`~mlkernel.errors.RunStopped` as soon as a signal arrives; not at all where ``False``."""
        before, self._may_raise = self._may_raise, may_raise
        try:
            if may_raise:
                self.check()
            yield
        finally:
            self._may_raise = before

    def check(self) -> None:
        """Raise if a signal has arrived.

        :raises RunStopped: it has.
        """
        if self.reason is not None:
            raise RunStopped(self.reason)

    def _answer(self, number: int, _frame: FrameType | None) -> None:
        self.reason = self.reason or signal.Signals(number).name
        if self._may_raise:
            self._may_raise = False  # once: what it raises must be able to clean up
            raise RunStopped(self.reason)
