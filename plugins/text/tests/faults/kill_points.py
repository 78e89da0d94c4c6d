"""Ends this process, as a power switch would, at a chosen call or return of the code that saves and asks."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

PLACES = (
    "mlkernel_text/answers/",
    "mlkernel_text/backends/openai_backend.py",
    "mlkernel_text/jobs/",
    "mlkernel_text/rollouts/episode_journal.py",
    "mlkernel_text/trainer/",
    "mlkernel/checkpoint/",
    "mlkernel/records/",
    "mlkernel/run/",
)
"""Whose calls and returns count: before and after each call to the provider and each save."""


class KillPoints:
    """Counts calls and returns in :data:`PLACES`; the process dies at the *at*-th.

    :param at: 0 for never.
    """

    def __init__(self, at: int) -> None:
        self.count = 0
        self._at = at
        self._counts: dict[str, bool] = {}

    def install(self) -> None:
        """Count in this thread and in those that are started later."""
        threading.setprofile(self._note)
        sys.setprofile(self._note)

    def _note(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event not in {"call", "return"}:
            return
        path = frame.f_code.co_filename
        counts = self._counts.get(path)
        if counts is None:
            counts = self._counts[path] = any(place in path for place in PLACES)
        if counts:
            self.count += 1
            if self.count == self._at:
                os.kill(os.getpid(), signal.SIGKILL)


def kill_after(seconds: float) -> None:
    """End this process in *seconds*, wherever it is then."""

    def wait() -> None:
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def write_count(points: KillPoints, path: Path) -> None:
    """Tell how many points there are in a whole run."""
    sys.setprofile(None)
    path.write_text(str(points.count), encoding="utf-8")
