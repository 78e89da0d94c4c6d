"""Whoever is killed at whatever moment: no trial is lost, none counts twice, and chance is the same."""

from __future__ import annotations

import random
import sys

import pytest

from .killed_study import TARGETS, KilledStudy, outcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")

FEW, MANY = 4, 100

SPACE = "x=uniform(-1,1)"
ALL = ("--metric", "loss", "retries=1000", "--algorithm")
FUNCTION = ("--trainer", f"{TARGETS}:noisy", *ALL)
CLASS = ("--trainer", f"{TARGETS}:Walker", "--space", SPACE, *ALL, "random", "--scheduler")
TRAINER = ("--trainer", f"{TARGETS}:Keeper", "--space", SPACE, *ALL, "random")
DEAF = ("--launcher", f"{TARGETS.parent.parent / 'engine' / 'deaf_launcher.py'}:Deaf")
"""One job for each run, whose reports are read from files."""
STUDIES = {
    "random": (*FUNCTION, "random", "--trials", "30", "--space", SPACE),
    "grid": (*FUNCTION, "grid", "--space", "x=uniform(low=-1,high=1,bins=30)"),
    "tpe": (*FUNCTION, "tpe", "--trials", "30", "--space", SPACE, "algorithm.startup_trials=5"),
    "seeds": (*FUNCTION, "random", "--trials", "10", "--space", SPACE, "--seeds", "3"),
    "pbt": (*CLASS, "pbt", "--trials", "4", "--max-step", "40", "scheduler.interval=4"),
    "pbt-seeds": (*CLASS, "pbt", "--trials", "3", "--max-step", "16", "--seeds", "2", "scheduler.interval=4"),
    "asha": (*CLASS, "asha", "--trials", "12", "--max-step", "18"),
    "asha-promote": (*CLASS, "asha", "--trials", "12", "--max-step", "18", "scheduler.form=promote"),
    "asha-promote-tpe": (
        *("--trainer", f"{TARGETS}:Walker", "--space", SPACE, *ALL, "tpe", "--trials", "24"),
        *("--scheduler", "asha", "--max-step", "9", "scheduler.form=promote"),
    ),
    "hyperband": (*CLASS, "hyperband", "--trials", "12", "--max-step", "9"),
    "trainer": (*TRAINER, "--trials", "10", "--set", "checkpoint.every_iterations=2"),
    "trainer-pbt": (
        *(*TRAINER, "--trials", "3", "--max-step", "8", "--scheduler", "pbt", "scheduler.interval=2"),
        *("--set", "checkpoint.every_iterations=1"),
    ),
    "jobs": (*FUNCTION, "random", "--trials", "15", "--space", SPACE, *DEAF),
    "jobs-pbt": (*CLASS, "pbt", "--trials", "3", "--max-step", "12", "scheduler.interval=4", *DEAF),
}
"""Words of ``kernel search``. With one worker, everything that happens follows from the seed."""


@pytest.fixture
def begun(tmp_path):
    """Begins studies, all of which are over when the test is."""
    studies = []

    def begin(name, words):
        studies.append(KilledStudy(tmp_path, name, words))
        return studies[-1]

    yield begin
    for study in studies:
        study.close()


def require_equal(begun, words, kills):
    """Kill as often as that, in as many studies as it takes, each of which must do what one left alone does."""
    alone = begun("alone", words)
    alone.drive()
    expected = outcome(alone.directory)
    moments = random.Random(" ".join(words))
    number = 0
    while kills > 0:
        study = begun(f"killed-{number}", words)
        kills -= study.drive_through(kills, moments)
        assert outcome(study.directory) == expected
        number += 1


@pytest.mark.parametrize("name", ["tpe", "pbt"])
def test_a_study_whose_processes_are_killed_equals_one_that_is_left_alone(begun, name):
    require_equal(begun, STUDIES[name], FEW)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", STUDIES)
def test_a_hundred_kills_change_nothing(begun, name):
    require_equal(begun, STUDIES[name], MANY)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_study_that_is_killed_while_it_begins_can_be_begun_or_resumed(begun):
    words = (*FUNCTION, "random", "--trials", "2", "--space", SPACE)
    alone = begun("alone", words)
    alone.drive()
    moments = random.Random(20)
    for number in range(20):
        study = begun(f"killed-{number}", words)
        study.begin_and_kill_after(moments.uniform(0.0, 1.5))
        study.drive()
        assert outcome(study.directory) == outcome(alone.directory)
