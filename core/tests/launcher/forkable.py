"""Jobs that may be forked, and what can be known of the process that forks them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from mlkernel.launcher.launcher import JobSpec

MODULES = Path(__file__).with_name("modules")
IS_FORKED = "'mlkernel.launcher.supervision.server' in sys.modules"
"""An expression for the code of jobs."""
_seen: set[tuple[int, int]] = set()
"""Number and start of fork servers that were alive at a look; when they are over, nothing else tells what they were."""


def forkable(folder: Path, key: str, code: str, *, module: str = "says", **fields: Any) -> JobSpec:
    """A job that executes *code*; ``MODULES`` is on the ``PYTHONPATH``."""
    argv = (sys.executable, "-m", module, code)
    fields = {"forkable": True, **fields}
    return JobSpec(key=key, argv=argv, directory=folder / "jobs" / key, **fields)


def fork_servers(parent: int | None = None) -> list[int]:
    """Process numbers of the fork servers that *parent*, or this process, has; also those that nobody waited for.

    Of the latter those that an earlier look has seen alive.
    """
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state, above, start = _standing(process)
            if above != (parent or os.getpid()):
                continue
            words = (process / "cmdline").read_bytes()
            while not words and state != b"Z":  # it has not all of its program yet
                state, _, _ = _standing(process)
                words = (process / "cmdline").read_bytes()
        except OSError:  # it is over
            continue
        server = (int(process.name), start)
        if b"supervision.server import serve" in words:
            _seen.add(server)
        if server in _seen:
            found.append(server[0])
    return found


def _standing(process: Path) -> tuple[bytes, int, int]:
    """Its state, its parent and its start."""
    fields = (process / "stat").read_bytes().rpartition(b")")[2].split()
    return fields[0], int(fields[1]), int(fields[19])
