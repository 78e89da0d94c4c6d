"""The command line by which ``ps``, ``pkill -f`` and people know a process."""

from __future__ import annotations

import os
from contextlib import suppress

ROOM = " " * 1024
"""An argument for a process whose forks shall be known by longer command lines than its own."""


def show_command_line(words: list[str]) -> None:
    """Let this process be known as *words*, cut off where there is no room for more.

    The command line is where the system put it when the process started; where that cannot be written, nothing changes.
    """
    with suppress(OSError, ValueError):
        with open("/proc/self/stat", "rb") as file:  # noqa: PTH123 - as all of these modules
            fields = file.read().rpartition(b")")[2].split()
        begin, end = int(fields[45]), int(fields[46])
        shown = b"".join(os.fsencode(word) + b"\0" for word in words)[: end - begin - 1]
        with open("/proc/self/mem", "r+b", buffering=0) as memory:  # noqa: PTH123 - as above
            memory.seek(begin)
            memory.write(shown.ljust(end - begin, b"\0"))
