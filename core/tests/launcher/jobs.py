"""Jobs for the tests of launchers."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mlkernel.launcher.launcher import OVER, JobHandle, JobSpec, JobStatus, Launcher

PATIENCE_SECONDS = 120


def shell(folder: Path, key: str, script: str, **fields: Any) -> JobSpec:
    return JobSpec(key=key, argv=("/bin/sh", "-c", script), directory=folder / "jobs" / key, **fields)


def python(folder: Path, key: str, code: str, **fields: Any) -> JobSpec:
    argv = (sys.executable, "-I", "-S", "-c", code)
    return JobSpec(key=key, argv=argv, directory=folder / "jobs" / key, **fields)


def command_lines() -> bytes:
    """What is seen of all processes of this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes())
        except OSError:  # it is over
            continue
    return b"\n".join(found)


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


def wait_for(launcher: Launcher, handles: Sequence[JobHandle]) -> dict[str, JobStatus]:
    wait_until(lambda: all(s.state in OVER for s in launcher.poll(handles).values()), "the end of the jobs")
    return launcher.poll(handles)


def run(launcher: Launcher, spec: JobSpec) -> JobStatus:
    return wait_for(launcher, launcher.submit([spec]))[spec.key]
