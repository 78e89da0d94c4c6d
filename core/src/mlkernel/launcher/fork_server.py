"""The launcher's side of its fork server, see :mod:`mlkernel.launcher.supervision.server`."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from mlkernel.launcher.job_start import JobStart
from mlkernel.launcher.supervision.command_line import ROOM
from mlkernel.launcher.supervision.server import STARTED
from mlkernel.launcher.supervision.supervisor import LOCK

_PROGRAM = (
    "import sys; sys.flags.safe_path or sys.path.pop(0); "
    "from mlkernel.launcher.supervision.server import serve; exec(*serve())"
)
"""Nothing that lies in the current folder is imported."""
_READ_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC_", "GLIBC_", "TZ", "HOME")
"""Beginnings of the names of variables that are looked at when a program starts, and not again."""
_PATIENCE_SECONDS = 60.0
"""Who has not answered for so long is taken for hanging in an import: what is started instead can be ended."""
_END_SECONDS = 5.0
"""Its end takes no time, but where an import does."""


class ForkServer:
    """Starts jobs that may be forked, which spares them the start of an interpreter and its imports.

    The process starts with the first such job and ends with the launcher. If it ends before, nothing is started in this
    way any more. Nothing waits for it: what it was asked for and did not start is told by :meth:`not_started`.
    """

    def __init__(self) -> None:
        self._pid: int | None = None
        self._socket: socket.socket | None = None
        self._fixed: dict[str, str] = {}
        """What it cannot change for a job."""
        self._asked: deque[JobStart] = deque()
        """Not answered yet, in their order."""
        self._silent_since = 0.0
        self._refused: list[JobStart] = []
        """Refused by it, or not answered before it ended."""

    def start(self, job: JobStart, lock: int) -> bool:
        """Ask it to start *job*; ``False`` if it cannot, or is not there.

        :param lock: descriptor of the lock on the job.
        """
        argv = job.spec.argv
        if not job.spec.forkable or argv[:2] != (sys.executable, "-m") or len(argv) < 3:
            return False
        try:
            return self._ask(job, lock)
        except ConnectionError:
            self._lose()
        except OSError:  # it has too much to do, or so much cannot be said, or there is nowhere to write to
            pass
        return False

    def may_have(self, key: str) -> bool:
        """Whether it was asked to start this job, and is not known to have started it or not."""
        return any(job.spec.key == key for job in (*self._asked, *self._refused))

    def not_started(self) -> Iterator[tuple[JobStart, int]]:
        """What it did not start after all; each with its lock, which is released afterwards."""
        self._hear()
        for job in list(self._refused):
            lock = job.files.lock()
            if lock is None:
                continue  # it did start it, and died before it said so
            self._refused.remove(job)
            try:
                if job.files.running() is None and job.files.over() is None:
                    yield job, lock
            finally:
                os.close(lock)

    def close(self) -> None:
        """Let it end, when it has started what it was asked for."""
        if self._socket is None or self._pid is None:
            return
        self._socket.close()
        self._socket = None
        with suppress(ProcessLookupError, ChildProcessError):  # somebody else waited for it
            process = os.pidfd_open(self._pid)
            try:
                if not select.select([process], [], [], _END_SECONDS)[0]:
                    signal.pidfd_send_signal(
                        process, signal.SIGKILL
                    )  # it hangs in an import, and holds locks
                os.waitpid(self._pid, 0)
            finally:
                os.close(process)

    def _ask(self, job: JobStart, lock: int) -> bool:
        if self._pid is None:
            self._begin()
        if self._socket is None or _fixed(job.environment, job.directory) != self._fixed:
            return False
        request = json.dumps({"words": job.words(), "environment": dict(job.environment)}).encode()
        with ExitStack() as stack:
            files = [lock, *job.open_output(stack)]
            socket.send_fds(self._socket, [request], files, socket.MSG_DONTWAIT)
        if not self._asked:
            self._silent_since = time.monotonic()
        self._asked.append(job)
        return True

    def _begin(self) -> None:
        self._fixed = _fixed(os.environ, Path.cwd())
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ExitStack() as failing, theirs:
            failing.callback(ours.close)
            self._pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-c", _PROGRAM, ROOM],
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), LOCK),
                ],
                setsid=True,
                setsigmask=(),
            )
            failing.pop_all()
        self._socket = ours

    def _hear(self) -> None:
        while self._asked and self._socket is not None and self._pid is not None:
            try:
                answer = self._socket.recv(len(STARTED), socket.MSG_DONTWAIT)
            except BlockingIOError:
                if time.monotonic() < self._silent_since + _PATIENCE_SECONDS:
                    return
                os.kill(self._pid, signal.SIGKILL)  # nobody else waits for it: the number is still its own
                answer = b""
            except ConnectionError:
                answer = b""
            if not answer:
                self._lose()
                return
            self._silent_since = time.monotonic()
            job = self._asked.popleft()
            if answer != STARTED:
                self._refused.append(job)

    def _lose(self) -> None:
        """It has ended; once that is certain, it holds no lock any more."""
        self.close()
        self._refused += self._asked
        self._asked.clear()


def _fixed(environment: Mapping[str, str], directory: Path) -> dict[str, str]:
    found = {name: value for name, value in environment.items() if name.startswith(_READ_AT_START)}
    if not all(entry.startswith("/") for entry in environment.get("PYTHONPATH", "/").split(":")):
        found["."] = str(directory)  # where what it imports begins
    return found
