"""The end of a job that somebody asks for, whoever submitted it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mlkernel.launcher.job_files import JobFiles
from mlkernel.launcher.submitter import lives
from mlkernel.launcher.supervision.process_table import kill_all, process_start


def ask_to_stop(files: JobFiles) -> None:
    """Leave the request, and wake whoever watches the job, or the job itself if nobody does."""
    if files.asked_for_end() is None:
        files.ask_for_end()
    running = files.running()
    if running is None:
        return  # not started yet: its supervisor looks for the request when it is
    if not _signal(*running["supervisor"]):
        pid, start = running["command"]
        if process_start(pid) == start:
            with suppress(ProcessLookupError):  # ended just now
                os.killpg(pid, signal.SIGTERM)


def is_unwatched(submitted: Mapping[str, Any], running: Mapping[str, Any]) -> bool:
    """Whether the command of a job lives on without its supervisor."""
    pid, start = running["command"]
    return lives(pid, start, submitted["submitter"]["boot"])


def force_if_due(files: JobFiles, submitted: Mapping[str, Any], running: Mapping[str, Any]) -> None:
    """End a job by force that has no supervisor to do it, once its grace is over."""
    asked = files.asked_for_end()
    if asked is not None and time.time() >= asked + submitted["grace"]:
        kill_all(running["command"][0])


def _signal(pid: int, start: int) -> bool:
    """Send SIGTERM to the process that *pid* was then; ``False`` when it is gone."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if process_start(pid) != start:
            return False
        signal.pidfd_send_signal(process, signal.SIGTERM)
    except ProcessLookupError:
        return False
    finally:
        os.close(process)
    return True
