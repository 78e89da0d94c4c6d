"""Which process a waiting job waits in, told apart from later processes of the same number."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from mlkernel.launcher.supervision.process_table import process_start

_open: set[str] = set()
"""Launchers of this process that are not closed."""


def boot_id() -> str:
    """Changes whenever the machine starts."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


class Submitter:
    """A launcher that holds waiting jobs."""

    def __init__(self) -> None:
        self.record: dict[str, Any] = {
            "pid": os.getpid(),
            "start": process_start(os.getpid()),
            "boot": boot_id(),
            "launcher": uuid4().hex,
        }
        _open.add(self.record["launcher"])

    def close(self) -> None:
        """It holds none any more."""
        _open.discard(self.record["launcher"])


def is_there(record: Mapping[str, Any]) -> bool:
    """Whether the launcher of *record* still holds its jobs."""
    if record["pid"] == os.getpid() and lives(record["pid"], record["start"], record["boot"]):
        return record["launcher"] in _open
    return lives(record["pid"], record["start"], record["boot"])


def lives(pid: int, start: int, boot: str) -> bool:
    """Whether the process that had this number then is still there."""
    return boot == boot_id() and process_start(pid) == start
