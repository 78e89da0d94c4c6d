"""Watches one job until it is over, and writes down what became of it, whether or not anybody is left to ask.

A program of its own, ``STEM DIRECTORY SECONDS MEGABYTES GRACE GPUS COMMAND...``, with 0 for no limit. A job shall cost
no more than an interpreter without a single package, so it imports next to nothing, and nothing of mlkernel; limits
come as words; and records hold numbers and fixed words, which need no encoder (:mod:`mlkernel.launcher.outcome` makes
sentences of them).

It starts in a session of its own, with the signals that it waits for blocked, and with the lock on the job as file
descriptor 3. The lock ends with it: one that is held is a job that is watched.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:
    import _signal as signal  # ``signal`` without its enums, whose import takes as long as the interpreter's start

WAITED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
"""What a supervisor reacts to; blocked from before its start, so that none comes too early."""

LOCK = 3
"""The file descriptor of the lock; the command does not inherit it."""
RESERVED = 4096
"""Bytes of the last record, taken when the job starts: a disk that fills up meanwhile hides no exit code."""
MEGABYTE = 2**20
LOOK_SECONDS = 0.2
"""Between two looks at the memory of a job that has a limit; longer where a look takes long."""
LOOK_SHARE = 0.02
"""Of a processor, which looking at memory may take at most."""


class Process:
    """One line of the process table."""

    __slots__ = ("parent", "pid", "session", "start", "zombie")

    def __init__(self, pid: int) -> None:
        """Read it.

        :raises OSError: there is no such process.
        """
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib costs more than this whole program
            fields = file.read().rpartition(b")")[2].split()
        self.pid = pid
        self.zombie = fields[0] in {b"Z", b"X"}
        self.parent, self.session, self.start = int(fields[1]), int(fields[3]), int(fields[19])


def process_start(pid: int) -> int | None:
    """When *pid* started, in ticks since the machine did: tells it from a later process of the same number.

    ``None`` when there is no such process, or only what is left of it until its parent asks.
    """
    try:
        process = Process(pid)
    except OSError:
        return None
    return None if process.zombie else process.start


def members(root: int) -> set[int]:
    """All living processes of a job: those of the session that *root* leads, and whatever they started."""
    children: dict[int, list[int]] = {}
    found: list[int] = []
    living: set[int] = set()
    for name in os.listdir("/proc"):  # noqa: PTH208 - as above
        if name.isdecimal():
            try:
                process = Process(int(name))
            except OSError:
                continue  # ended between the two looks
            children.setdefault(process.parent, []).append(process.pid)
            if not process.zombie:
                living.add(process.pid)
            if root in {process.session, process.pid}:
                found.append(process.pid)
    seen: set[int] = set()
    while found:
        pid = found.pop()
        if pid not in seen:
            seen.add(pid)
            found += children.get(pid, ())
    return seen & living


def memory_of(pids: set[int], limit: int) -> int:
    """Bytes of *pids* together.

    The sum of what each has in memory counts shared pages several times, but is quickly known; only where it exceeds
    *limit*, each page is divided among those who share it, and what was swapped out is added.
    """
    total = sum(_numbers(f"/proc/{pid}/statm", 2)[1] for pid in pids) * os.sysconf("SC_PAGE_SIZE")
    return total if total <= limit else sum(_proportional(pid) for pid in pids)


def kill_all(root: int) -> None:
    """End every process of a job by force, also those that are born meanwhile."""
    while pids := members(root):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        if all(_foreign(pid) for pid in pids):
            return  # what changed its user cannot be ended by this one
        time.sleep(0.01)


def _foreign(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return False


def _numbers(path: str, count: int) -> list[int]:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as above
            return [int(field) for field in file.read().split()[:count]]
    except OSError:
        return [0] * count


def _proportional(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:  # noqa: PTH123 - as above
            return 1024 * sum(
                int(line.split()[1]) for line in file if line.startswith((b"Pss:", b"SwapPss:"))
            )
    except OSError:  # not ours to read: what it has in memory must do
        return _numbers(f"/proc/{pid}/statm", 2)[1] * os.sysconf("SC_PAGE_SIZE")


def killed_for_memory() -> int:
    """How many processes the machine has ended so far because it had no memory left."""
    try:
        with open("/proc/vmstat", "rb") as file:  # noqa: PTH123 - as above
            return next((int(line.split()[1]) for line in file if line.startswith(b"oom_kill ")), 0)
    except OSError:
        return 0


class Records:
    """The two files that tell of the job: ``STEM.running.json``, and ``STEM.over.json`` in its place."""

    def __init__(self, stem: str, gpus: str) -> None:
        self._running, self._over, self._cancel = (
            f"{stem}.{ending}" for ending in ("running.json", "over.json", "cancel")
        )
        devices = ", ".join(f'"{gpu}"' for gpu in gpus.split(",") if gpu)
        self._head = f'"supervisor": [{os.getpid()}, {Process(os.getpid()).start}], "gpus": [{devices}]'
        self._aside = f"{self._over}.new"
        self._write(self._aside, b" " * RESERVED)

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked for the end."""
        return os.path.exists(self._cancel)  # noqa: PTH110 - as above

    def running(self, command: int | None = None) -> None:
        """Write that the job runs, with the number of its process once it has one."""
        start = None if command is None else process_start(command)
        pair = "null" if command is None else f"[{command}, {start or 0}]"
        aside = f"{self._running}.new"
        self._write(aside, f'{{{self._head}, "command": {pair}}}\n'.encode())
        os.replace(aside, self._running)  # noqa: PTH105 - as above

    def over(self, facts: str) -> None:
        """Write what became of it, so that it survives a power cut."""
        self._write(self._aside, f"{{{facts}}}\n".encode().ljust(RESERVED), durable=True)
        os.replace(self._aside, self._over)  # noqa: PTH105 - as above
        os.unlink(self._running)  # noqa: PTH108 - as above

    @staticmethod
    def _write(path: str, content: bytes, *, durable: bool = False) -> None:
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(file, content, 0)
            if durable:
                os.fsync(file)
        finally:
            os.close(file)


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
            self._end('"out_of_memory"')

    def _end(self, verdict: str) -> None:
        if self._force_at is None:
            self.verdict = verdict
            self._force_at = time.monotonic() + self._grace
            try:
                os.killpg(self._command, signal.SIGTERM)
            except PermissionError:
                return  # it has become another user's, whom this one can tell nothing


def main(words: list[str]) -> None:
    """Start the command, watch it, and tell what became of it."""
    stem, directory, seconds, megabytes, grace, gpus, *argv = words
    os.set_inheritable(LOCK, False)
    try:
        records = Records(stem, gpus)
        records.running()
    except OSError as error:
        sys.exit(f"mlkernel cannot keep the records of this job: {error.strerror}: {error.filename or stem}")
    killed_before = killed_for_memory()
    if records.cancelled:
        records.over('"verdict": "cancelled"')
        return
    failing = "directory"
    try:
        os.chdir(directory)
        failing = "command"
        # Python ignores these two, and what is ignored stays so in what is started.
        default = [signal.SIGPIPE, signal.SIGXFSZ]
        command = os.posix_spawnp(argv[0], argv, os.environ, setsid=True, setsigmask=(), setsigdef=default)
    except OSError as error:
        records.over(f'"errno": {error.errno}, "failing": "{failing}"')
        return
    watch = Watch(command, records, seconds=float(seconds), megabytes=int(megabytes), grace=float(grace))
    records.running(command)
    watch.wait()
    kill_all(command)
    code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
    records.over(
        f'"code": {code}, "verdict": {watch.verdict}, "forced": {"true" if watch.forced else "false"}, '
        f'"megabytes": {watch.megabytes}, "seconds": {watch.seconds:.3f}, '
        f'"machine_out_of_memory": {"true" if killed_for_memory() > killed_before else "false"}'
    )
