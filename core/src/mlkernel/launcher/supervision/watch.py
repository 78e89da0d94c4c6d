"""The time from the start of a command to its end."""

from __future__ import annotations

import os
import time

from .process_table import kill_all, members, memory_of
from .records import Records
from .signals import signal

WAITED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
"""What a supervisor reacts to; blocked from before its start, so that none comes too early."""
MEGABYTE = 2**20
LOOK_SECONDS = 0.2
"""Between two looks at the memory of a job that has a limit; longer where a look takes long."""
LOOK_SHARE = 0.02
"""Of a processor, which looking at memory may take at most."""


class Watch:
    """Waits for the end of the command, and brings it about where a limit or a request says so."""

    def __init__(
        self, command: int, records: Records, *, seconds: float, megabytes: int, grace: float
    ) -> None:
        self._command = command
        self._records = records
        self._started = time.monotonic()
        self._deadline = self._started + seconds if seconds else None
        self._limit = megabytes * MEGABYTE
        self._grace = grace
        self._force_at: float | None = None
        self._next_look = self._started
        self.verdict = "null"
        """Why it was ended, as JSON; what it did by itself is in its exit status."""
        self.forced = False
        self.megabytes = 0
        """At the last look, where it has a limit."""

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._started

    def wait(self) -> None:
        """Return when the command is over, but not yet reaped: until then, nothing else has its number."""
        look = os.WEXITED | os.WNOWAIT | os.WNOHANG
        if self._records.cancelled:  # while it was being started, when nobody could be told
            self._end('"cancelled"')
        while os.waitid(os.P_PID, self._command, look) is None:
            pause = self._keep_limits()
            if pause is None:
                received: signal.struct_siginfo | None = signal.sigwaitinfo(WAITED)
            else:
                received = signal.sigtimedwait(WAITED, pause)
            if received is not None and received.si_signo != signal.SIGCHLD:
                self._end('"cancelled"' if self._records.cancelled else '"told"')

    def _keep_limits(self) -> float | None:
        """End the job if it is due, and return the seconds until the next look."""
        now = time.monotonic()
        if self._force_at is not None:
            if now >= self._force_at:
                self.forced = True
                kill_all(self._command)
                return None
            return self._force_at - now
        if self._deadline is not None and now >= self._deadline:
            self._end('"timeout"')
            return 0.0
        if self._limit and now >= self._next_look:
            self._look_at_memory(now)
        looks = [
            time for time in (self._deadline, self._next_look if self._limit else None) if time is not None
        ]
        return max(min(looks) - now, 0.0) if looks else None

    def _look_at_memory(self, now: float) -> None:
        used = memory_of(members(self._command), self._limit)
        self._next_look = now + max(LOOK_SECONDS, (time.monotonic() - now) / LOOK_SHARE)
        self.megabytes = used // MEGABYTE
        if used > self._limit:
            # It is given no time to take more, and is not told to go: whoever goes by itself may go on later.
            self.verdict = '"out_of_memory"'
            kill_all(self._command)

    def _end(self, verdict: str) -> None:
        if self._force_at is None:
            self.verdict = verdict
            self._force_at = time.monotonic() + self._grace
            try:
                os.killpg(self._command, signal.SIGTERM)
            except PermissionError:
                return  # it has become another user's, whom this one can tell nothing
