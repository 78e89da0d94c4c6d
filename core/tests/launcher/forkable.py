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


def forkable(folder: Path, key: str, code: str, *, module: str = "says", **fields: Any) -> JobSpec:
    """A job that executes *code*; ``MODULES`` is on the ``PYTHONPATH``."""
    argv = (sys.executable, "-m", module, code)
    fields = {"forkable": True, **fields}
    return JobSpec(key=key, argv=argv, directory=folder / "jobs" / key, **fields)


def fork_servers(parent: int | None = None) -> list[int]:
    """Process numbers of the fork servers that *parent*, or this process, has; also those that nobody waited for."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_bytes().rpartition(b")")[2].split()
            words = (process / "cmdline").read_bytes()
        except OSError:  # it is over
            continue
        is_child = int(fields[1]) == (parent or os.getpid())
        if is_child and (fields[0] == b"Z" or b"supervision.server import serve" in words):
            found.append(int(process.name))
    return found
