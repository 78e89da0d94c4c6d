"""How a run is asked to stop: by signals, by ``kernel stop``, by anyone who holds its object."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Self

ANNOUNCEMENT = "stopping after this iteration; Ctrl-C again stops at once"


class StopRequest:
    """Remembers that the run shall stop at the next boundary, and why.

    Used as a context manager it answers SIGINT and SIGTERM; a second SIGINT raises ``KeyboardInterrupt`` at once, or is
    remembered as well.
    Outside the main thread, where Python delivers no signals, it only remembers. Workers that the trainer forks
    inherit the answer: in them SIGTERM ends the process, as whoever sends it expects, and Ctrl-C, which reaches them
    with the run, does nothing, since the run needs them up to its boundary.

    :param raises: whether the second SIGINT does.
    :param announcement: what is said at the first SIGINT.
    """

    def __init__(self, *, raises: bool = True, announcement: str = ANNOUNCEMENT) -> None:
        self.reason: str | None = None
        self.is_urgent = False
        """Whether there was a second SIGINT."""
        self._raises, self._announcement = raises, announcement
        self._process = os.getpid()
        self._interrupted = False
        self._is_closed = False
        self._previous: dict[signal.Signals, signal._HANDLER] = {}

    def ask(self, reason: str) -> None:
        """Ask the run to stop at its next boundary; the first reason stays."""
        self.reason = self.reason or reason

    def close(self) -> None:
        """How the attempt ends is decided: no signal changes it any more."""
        self._is_closed = True

    def __enter__(self) -> Self:
        """Answer signals from here on."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._answer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave signals to whoever answered them before."""
        for number, handler in self._previous.items():
            # None: it was not installed from Python, which can then not put it back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._previous.clear()

    def _answer(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            if number == signal.SIGTERM:
                signal.signal(number, signal.SIG_DFL)
                signal.raise_signal(number)
            return
        if self._is_closed:
            return
        name = signal.Signals(number).name
        if number == signal.SIGINT:
            was_urgent, self.is_urgent = self.is_urgent, self._interrupted
            if self.is_urgent and self._raises:
                raise KeyboardInterrupt
            self._interrupted = True
            if not was_urgent:
                _say("stopping at once" if self.is_urgent else self._announcement)
        self.ask(name)


def _say(text: str) -> None:
    with suppress(OSError, ValueError):  # nobody reads it
        try:
            sys.stderr.write(f"{text}\n")
        except RuntimeError:  # the signal came in the middle of a write
            os.write(sys.stderr.fileno(), f"{text}\n".encode())
