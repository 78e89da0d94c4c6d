"""Tries plugins out, each in a process of its own, so that no plugin can harm the examination of the next."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, NamedTuple

from mlkernel.discovery.inventory import InventoryRow

LIGHT_STEPS = ("descriptor", "config")
"""Steps that happen while lists and helps are shown, and must therefore import nothing heavy."""


class Diagnosis(NamedTuple):
    """What was found out about one plugin."""

    row: InventoryRow
    steps: list[dict[str, Any]]
    """See :func:`mlkernel.discovery.probe.probe`."""
    problems: list[str]
    """One line each; none when the plugin is healthy."""


def diagnose(row: InventoryRow, *, timeout_seconds: float) -> Diagnosis:
    """Import everything of one plugin in another process; one that is blocked or incompatible is left alone."""
    if row.state in ("blocked", "incompatible"):
        return Diagnosis(row, [], [] if row.state == "blocked" else [_incompatible(row)])
    steps, accident = _run_probe(row, timeout_seconds)
    problems = [f"{step['step']}: {step['error']}" for step in steps if step["error"]]
    problems += [
        f"{step['step']}: imports {', '.join(step['imports'])}, which delays every list and help"
        for step in steps
        if step["imports"] and step["step"] in LIGHT_STEPS
    ]
    if row.state == "conflict":
        problems.append(f"another distribution provides a {row.kind} {row.name!r}, too")
    return Diagnosis(row, steps, problems + accident)


def _run_probe(row: InventoryRow, timeout_seconds: float) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the steps that were reported, and what became of the process if it did not end well."""
    # -P: the current folder is not searched.
    command = [sys.executable, "-P", "-m", "mlkernel.discovery.probe", row.kind, *row.entry_point[:5]]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=timeout_seconds, check=False)
    except subprocess.TimeoutExpired as expired:
        output = expired.stdout.decode(errors="replace") if isinstance(expired.stdout, bytes) else ""
        return _read_steps(output), [f"was not imported within {timeout_seconds:g} s"]
    if ended.returncode == 0:
        return _read_steps(ended.stdout), []
    last_line = (ended.stderr.strip().splitlines() or ["nothing was said"])[-1]
    return _read_steps(ended.stdout), [f"ended the process with code {ended.returncode}: {last_line}"]


def _read_steps(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.endswith("}")]


def _incompatible(row: InventoryRow) -> str:
    major, minor = row.entry_point.api or (0, 0)
    return f"was made for version {major}.{minor} of mlkernel's contracts"
