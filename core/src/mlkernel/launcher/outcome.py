"""Sentences about what became of a job, from the facts in its files."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import Any

from mlkernel.launcher.launcher import JobState, JobStatus


def outcome(submitted: Mapping[str, Any], facts: Mapping[str, Any]) -> JobStatus:
    """The status of a job that is over.

    :param submitted: its record.
    :param facts: what its supervisor wrote.
    """
    if "errno" in facts:
        return JobStatus(state="failed", reason=_not_started(submitted, facts))
    verdict, code = facts.get("verdict"), facts.get("code")
    state, reason = _ended(submitted, facts) if verdict not in {None, "told"} else _exited(facts)
    if verdict == "told":
        reason = f"{reason}, after its supervisor was told to stop"
    if facts.get("forced"):
        reason = f"{reason}; ended by force after {submitted['grace']:g} s"
    exit_code = code if code is not None and code >= 0 else None
    return JobStatus(state=state, exit_code=exit_code, reason=reason)


def _not_started(submitted: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    named = {
        "command": f"cannot start {submitted['argv'][0]!r}",
        "directory": f"cannot start in {submitted['working_directory']!r}",
        "supervisor": "cannot be started",
    }
    return f"{named[facts['failing']]}: {os.strerror(facts['errno'])}"


def _ended(submitted: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[JobState, str]:
    limits = submitted["resources"]
    sentences: dict[str, tuple[JobState, str]] = {
        "cancelled": ("cancelled", "cancelled" if "code" in facts else "cancelled before it started"),
        "timeout": ("timeout", f"over its time limit of {limits['time'] or 0:g} s"),
        "out_of_memory": (
            "out_of_memory",
            f"over its memory limit of {limits['memory']} MB: it used {facts.get('megabytes')} MB",
        ),
    }
    return sentences[facts["verdict"]]


def _exited(facts: Mapping[str, Any]) -> tuple[JobState, str | None]:
    code = facts["code"]
    if code == 0:
        return "succeeded", None
    if code > 0:
        return "failed", f"ended with exit code {code}"
    reason = f"killed by signal {-code} ({_signal_name(-code)})"
    if -code == signal.SIGKILL and facts.get("machine_out_of_memory"):
        return "out_of_memory", f"{reason} when the machine had no memory left"
    return "failed", reason


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "a real-time signal"
