"""For how long a driver bears with a store that is out of reach."""

from __future__ import annotations

import math
import time

from mlkernel.run.stop_request import StopRequest
from mlkernel.study.engine.study_notices import StudyDisplay
from mlkernel.study.store.database import ConnectionLostError
from mlkernel.study.store.study_store import StudyStore

RECONNECT_SECONDS = 60.0
"""For how long a lost connection is opened anew: a server that is restarted is back by then."""
STOP_SECONDS = 10.0
"""The same once the study is asked to stop."""
TRIES = 10
"""So many connections that are lost in a row, and got the study nowhere, are no chance."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
"""Seconds between two tries; each pause is twice the one before."""


class Outages:
    """The losses of one driver.

    :param study: the study's name in *store*.
    """

    def __init__(self, store: StudyStore, study: str, display: StudyDisplay, stop: StopRequest) -> None:
        self._store, self._study, self._display, self._stop = store, study, display, stop
        self._standing: object = None
        self._back = -math.inf
        """When the store last answered again, by the monotonic clock."""
        self._tries = 0

    def sit_out(self, lost: ConnectionLostError, standing: object) -> None:
        """Wait until the store answers again.

        :param standing: how far the study had come when the connection was opened; ``None`` if that was not read.
        :raises ConnectionLostError: it does not for a minute, or it does so time and again and the study gets nowhere.
        """
        self._count(lost, standing)
        self._display.say(f"{lost.message}\n  It is opened anew, for up to {RECONNECT_SECONDS:g} s.")
        deadline = time.monotonic() + RECONNECT_SECONDS
        pause = min(_FIRST_PAUSE * 2 ** (self._tries - 1), _LONGEST_PAUSE)
        while True:
            time.sleep(pause)
            try:
                self._store.study(self._study)
            except ConnectionLostError:
                if self._stop.reason is not None:
                    deadline = min(deadline, time.monotonic() + STOP_SECONDS)
                if self._stop.is_urgent or time.monotonic() + pause > deadline:
                    raise
            else:
                self._back = time.monotonic()
                return
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _count(self, lost: ConnectionLostError, standing: object) -> None:
        has_come_forward = standing is not None and standing != self._standing
        if has_come_forward or time.monotonic() > self._back + RECONNECT_SECONDS:
            self._standing, self._tries = standing, 0
        self._tries += 1
        if self._tries > TRIES:
            raise ConnectionLostError(
                f"{lost.message}\n  So it was {TRIES} times in a row, and the study got nowhere.",
                hint=lost.hint,
            )
