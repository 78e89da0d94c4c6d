"""A full disk, wherever it is met: it is said, the study stops, and with room it goes on as if nothing had been."""

from __future__ import annotations

import sys

import pytest

from .killed_study import outcome
from .machine import Machine
from .small_disk import SmallDisk, cannot_mount

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full and file systems in memory")
needs_mounts = pytest.mark.skipif(cannot_mount(), reason="only root can mount a small disk")

SEARCH = ("search", "--space", "x=uniform(-1,1)", "--metric", "loss", "--algorithm", "random")


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path / "machine")
    yield machine
    machine.close()


def search(machine, name, target, trials, *words):
    return machine.run(*SEARCH, "--name", name, "--trainer", target, "--trials", str(trials), *words)


def test_a_trial_that_finds_a_full_disk_waits_for_room(machine):
    full = machine.folder / "full"
    full.touch()
    code, said = search(machine, "study", "./targets.py:fills_another_disk", 6, "--jobs", "2")
    assert code == 75, said
    assert "No space left on device" in said
    assert "kernel study resume study" in said
    states = [state for _, _, state, *_ in outcome(machine.study("study")).trials]
    assert set(states) == {"finished", "waiting"}
    code, said = machine.run("study", "resume", "study")
    assert code == 75, "it is still full"
    full.unlink()
    code, said = machine.run("study", "resume", "study")
    assert code == 0, said
    states = [state for _, _, state, *_ in outcome(machine.study("study")).trials]
    assert states == ["finished"] * 6


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """What a study does that has room for all that its trials keep."""
    machine = Machine(tmp_path_factory.mktemp("roomy") / "machine")
    code, said = search(machine, "alone", "./targets.py:fills", 10)
    assert code == 0, said
    yield outcome(machine.study("alone"))
    machine.close()


@needs_mounts
@pytest.mark.parametrize("kilobytes", [64, 150, 700])
def test_a_study_whose_disk_is_full_goes_on_when_there_is_room(machine, filled, kilobytes):
    with SmallDisk(machine.folder / "studies", kilobytes) as disk:
        code, said = search(machine, "study", "./targets.py:fills", 10)
        assert code in {2, 75}, said
        assert "no room left" in said or "No space left" in said
        assert "Traceback" not in said
        disk.grow(20_000)
        code, said = machine.run("study", "resume", "study")
        if code == 2 and "no study 'study'" in said:  # there was no room to begin it
            code, said = search(machine, "study", "./targets.py:fills", 10)
        assert code == 0, said
        assert outcome(machine.study("study")) == filled


@needs_mounts
def test_a_trainer_whose_checkpoints_find_no_room_goes_on_from_those_it_has(machine):
    words = ("./targets.py:Keeper", 8, "--set", "checkpoint.every_iterations=1")
    with SmallDisk(machine.folder / "studies", 900) as disk:
        code, said = search(machine, "study", *words)
        assert code in {2, 75}, said
        assert "no room left" in said
        disk.grow(20_000)
        code, said = machine.run("study", "resume", "study")
        assert code == 0, said
        code, said = search(machine, "alone", *words, "--studies", "elsewhere")
        assert code == 0, said
        assert outcome(machine.study("study")) == outcome(machine.study("alone", "elsewhere"))
