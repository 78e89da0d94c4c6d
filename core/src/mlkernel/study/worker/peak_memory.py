"""The most memory that this process held while it trained a run."""

from __future__ import annotations

import re
import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")
_FORGET_PEAK = Path("/proc/self/clear_refs")


def forget_peak() -> None:
    """Begin anew, where the system can; elsewhere the peak is that of the process's whole life."""
    try:
        _FORGET_PEAK.write_text("5", encoding="ascii")
    except OSError:
        return


def peak_memory_mb() -> float:
    """Megabytes (2**20 bytes) of resident memory at the most since :func:`forget_peak`."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"))
    except OSError:
        found = None
    kilobytes = int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes / 1024, 1)
