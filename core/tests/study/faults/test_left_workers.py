"""Workers whose driver is dead do not outlive their study."""

from __future__ import annotations

import sys

import pytest

from .killed_study import processes_of
from .machine import Machine, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


def test_a_study_is_deleted_with_the_workers_that_its_driver_left(tmp_path):
    machine = Machine(tmp_path / "machine")
    try:
        (machine.folder / "hold").touch()
        driver = machine.start(
            *("search", "--trainer", "./targets.py:gated", "--space", "x=uniform(-1,1)", "--metric", "loss"),
            *("--algorithm", "random", "--trials", "4", "--jobs", "2", "--name", "study"),
        )
        folder = machine.study("study").path
        wait_for(lambda: len(list((folder / "runs").glob("*"))) == 2)
        driver.kill()
        driver.communicate()
        assert len(processes_of(folder)[0]) == 2
        code, said = machine.run("study", "delete", "study", "--yes")
        assert code == 0, said
        assert not folder.exists()
        wait_for(lambda: not any(processes_of(folder)))
    finally:
        machine.close()
