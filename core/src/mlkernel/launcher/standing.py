"""Where a job stands, from its files and its processes alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkernel.launcher.cancellation import force_if_due, is_unwatched
from mlkernel.launcher.job_files import JobFiles
from mlkernel.launcher.launcher import JobStatus
from mlkernel.launcher.outcome import outcome
from mlkernel.launcher.submitter import boot_id, is_there

NEVER_STARTED = "it was still waiting when its submitter ended; submit it again"


def standing(files: JobFiles) -> JobStatus:
    """The status of the job of *files*; ends it by force if that is due and nobody else is left to do it."""
    submitted = files.read()
    if submitted is None:
        return JobStatus(state="lost", reason=f"nothing is known of it in {files.stem.parent}")
    if files.watched():
        return JobStatus(state="running")
    # A supervisor writes before it lets go, so what is missing now has never been written.
    over = files.over()
    if over is not None:
        return outcome(submitted, over)
    running = files.running()
    return _never_began(files, submitted) if running is None else _unwatched(files, submitted, running)


def _never_began(files: JobFiles, submitted: Mapping[str, Any]) -> JobStatus:
    if files.asked_for_end() is not None:
        return JobStatus(state="cancelled", reason="cancelled before it started")
    if is_there(submitted["submitter"]):
        return JobStatus(state="queued")
    return JobStatus(state="lost", reason=NEVER_STARTED)


def _unwatched(files: JobFiles, submitted: Mapping[str, Any], running: Mapping[str, Any]) -> JobStatus:
    if is_unwatched(submitted, running):
        force_if_due(files, submitted, running)
        return JobStatus(state="running", native_state="without its supervisor, which was killed")
    if submitted["submitter"]["boot"] != boot_id():
        return JobStatus(state="lost", reason="the machine was restarted while it was running")
    if files.asked_for_end() is not None:
        return JobStatus(state="cancelled", reason="cancelled; its supervisor was killed")
    return JobStatus(state="lost", reason="its supervisor was killed, and nobody knows how it ended")
