"""The processes of a job: which there are, what they use, and how they end."""

from __future__ import annotations

import os
import time

from .signals import signal


class Process:
    """One line of the process table."""

    __slots__ = ("parent", "pid", "session", "start", "zombie")

    def __init__(self, pid: int) -> None:
        """Read it.

        :raises OSError: there is no such process.
        """
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib costs more than all the rest
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
    """End every process of a job by force, also those that are born meanwhile.

    The first is *root*: it would take the end of another for a reason to go on, or to end as if nothing had happened.
    """
    while pids := members(root):
        for pid in sorted(pids, key=root.__ne__):
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
