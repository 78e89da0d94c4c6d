"""Measures what a person waits for: ``python tests/startup/measure_cpu_time.py``.

CPU time of the whole process, median of 11, with a warm index of entry points. Rounds are interleaved, so that a busy
moment of the machine falls on every command alike. The exit code is 1 when a budget is exceeded.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from statistics import median

ROUNDS = 11
BUDGETS_MILLISECONDS = {
    "--help": 100.0,
    "plugin list": 150.0,
    "run --trainer ppo --help": 400.0,
}


def main() -> int:
    """Print a table of medians and budgets."""
    times: dict[str, list[float]] = {command: [] for command in BUDGETS_MILLISECONDS}
    for command in times:
        cpu_milliseconds(command)
    for _ in range(ROUNDS):
        for command, measured in times.items():
            measured.append(cpu_milliseconds(command))
    exceeded = False
    for command, measured in times.items():
        budget = BUDGETS_MILLISECONDS[command]
        exceeded |= median(measured) > budget
        row = f"kernel {command:26} {median(measured):6.1f} ms of {budget:4.0f} ms (least {min(measured):.1f} ms)"
        print(row)  # noqa: T201 - a measurement prints its table
    return int(exceeded)


def cpu_milliseconds(command: str) -> float:
    """User and system time of one call of the installed ``kernel``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    kernel = Path(sys.executable).parent / "kernel"
    subprocess.run([kernel, *command.split()], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3


if __name__ == "__main__":
    sys.exit(main())
