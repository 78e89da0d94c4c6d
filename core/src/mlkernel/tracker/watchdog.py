"""Sees that no call of a tracker lasts for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

_LOOKS = 20
"""How often it looks within the limit."""


class Watchdog:
    """Entered around a call; a thread of its own says when the call lasts longer than *limit* seconds.

    :param overdue: called once, by that thread, while the call still hangs.
    """

    def __init__(self, limit: float, overdue: Callable[[], None]) -> None:
        self._limit, self._overdue = limit, overdue
        self._since: float | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="mlkernel watchdog", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """A call begins."""
        self._since = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It has returned."""
        self._since = None

    def close(self) -> None:
        """End the thread."""
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(self._limit / _LOOKS):
            since = self._since
            if since is not None and time.monotonic() - since > self._limit:
                self._overdue()
                return
