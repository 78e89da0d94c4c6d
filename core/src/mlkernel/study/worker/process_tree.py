"""Ends a process with all that it started: a shell script that is stopped would leave its commands behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

GRACE_SECONDS = 10.0
"""Between the request to end and the end by force."""


def end_tree(process: subprocess.Popen[bytes]) -> None:
    """End *process* and its descendants; returns at once if it has ended by itself."""
    if process.poll() is not None:
        return
    tree = [process.pid, *_descendants(process.pid)]
    _send(tree, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    limit = time.monotonic() + GRACE_SECONDS
    rest = [pid for pid in tree[1:] if _lives(pid)]
    while rest and time.monotonic() < limit:
        time.sleep(0.05)
        rest = [pid for pid in rest if _lives(pid)]
    _send(rest, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
    process.wait()


def _descendants(pid: int) -> list[int]:
    """As Linux knows them; elsewhere none."""
    try:
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(each for child in children for each in _descendants(child))]


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _lives(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
