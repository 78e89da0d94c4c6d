"""Trials that never end: each is ended at its limit, with all that it started, and the others go on."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from .killed_study import outcome, processes_of
from .machine import Machine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")

LIMIT = ("--metric", "loss", "--jobs", "2", "resources.time=10", "--name", "study")


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path / "machine")
    yield machine
    machine.close()


def states(machine):
    return {
        str(parameters): (state, reason)
        for _, parameters, state, _, reason, *_ in outcome(machine.study("study")).trials
    }


def sleepers(folder):
    """Processes that were started from *folder* and sleep."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"1234" in (process / "cmdline").read_bytes().split(b"\0") and (
                process / "cwd"
            ).readlink().is_relative_to(folder):
                found.append(int(process.name))
        except OSError:  # it is over
            continue
    return found


def require_quiet(machine):
    """Nothing that the study started is left."""
    deadline = time.monotonic() + 60.0
    while sleepers(machine.folder) or any(processes_of(machine.study("study").path)):
        assert time.monotonic() < deadline, "processes are left behind"
        time.sleep(0.02)


def test_functions_that_hang_are_ended_however_they_do(machine):
    space = ("--space", "way=[deaf, child, asleep, fine, asleep too]", "--algorithm", "grid")
    code, said = machine.run("search", "--trainer", "./targets.py:hangs", *space, *LIMIT)
    assert code == 0, said
    over = ("failed", "it ran longer than its limit of 10 s")
    assert states(machine) == {
        "{'way': 'deaf'}": over,
        "{'way': 'child'}": over,
        "{'way': 'asleep'}": over,
        "{'way': 'fine'}": ("finished", None),
        "{'way': 'asleep too'}": over,
    }
    assert said.count("it ran longer than its limit of 10 s") == 4
    require_quiet(machine)
