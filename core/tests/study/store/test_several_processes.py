"""Drivers beside each other, and drivers that die at any moment: nothing is lost, nothing counts twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlkernel.study.store.opening import open_store
from mlkernel.study.store.sql_store import SqlStore

DRIVER = Path(__file__).with_name("driver_process.py")
REPORTS = 4
ENDLESS = 10**9
"""Trials; for drivers that shall not come to their end."""
CREATE = """
import sys
from mlkernel.study.store.opening import open_store
open_store(sys.argv[1]).create(sys.argv[2], {})
"""

CREATE_AT_ONCE = """
import pathlib, sys, time
from mlkernel.errors import StorageError, UsageError
from mlkernel.study.store.opening import open_store
store, go = open_store(sys.argv[1]), pathlib.Path(sys.argv[2])
for number in range(20):
    while not (go / str(number)).exists():
        pass
    try:
        store.create(str(number), {})
    except StorageError:
        raise
    except UsageError as error:
        assert "there is a study" in str(error)
    (go / f"{number}-{sys.argv[3]}").touch()
"""


def drive(location: str, name: str, trials: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, DRIVER, location, name, str(trials), str(REPORTS)])


def require_complete(store: SqlStore, trials: int) -> None:
    kept = list(store.trials("s"))
    assert (
        [trial.number for trial in kept] == [trial.parameters["x"] for trial in kept] == list(range(trials))
    )
    assert store.counts("s") == {"finished": trials}
    assert sorted(trial.sequence for trial in store.ends("s")) == list(range(trials))
    assert all(trial.values == (trial.number + REPORTS / 100,) for trial in kept)
    reports = list(store.reports("s"))
    assert [report.position for report in reports] == list(range(trials * REPORTS))
    assert sorted((report.trial, report.step) for report in reports) == [
        (trial, step) for trial in range(trials) for step in range(1, REPORTS + 1)
    ]


@pytest.fixture
def study(store: SqlStore) -> SqlStore:
    store.create("s", {})
    return store


def test_two_drivers_share_a_study(study: SqlStore, location: str) -> None:
    drivers = [drive(location, name, 150) for name in ("a", "b")]
    assert [driver.wait(timeout=100) for driver in drivers] == [0, 0]
    require_complete(study, 150)


def test_drivers_that_are_killed_lose_nothing(study: SqlStore, location: str) -> None:
    moments = random.Random(7)
    for number in range(6):
        driver = drive(location, f"killed-{number}", ENDLESS)
        before = study.counts("s").get("finished", 0)
        while study.counts("s").get("finished", 0) == before:
            assert driver.poll() is None
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.05))
        driver.kill()
        driver.wait()
        study.take_over("s", 0)
    trials = len(list(study.trials("s"))) + 50
    assert drive(location, "last", trials).wait(timeout=100) == 0
    require_complete(study, trials)


def test_a_store_is_made_once_when_several_open_it(location: str) -> None:
    openers = [subprocess.Popen([sys.executable, "-c", CREATE, location, name]) for name in "abc"]
    assert [opener.wait(timeout=100) for opener in openers] == [0, 0, 0]
    store = open_store(location)
    assert sorted(study.name for study in store.studies()) == ["a", "b", "c"]
    store.close()


def test_of_several_who_begin_a_study_at_once_the_others_find_it(
    store: SqlStore, location: str, tmp_path: Path
) -> None:
    names = "ab"
    command = [sys.executable, "-c", CREATE_AT_ONCE, location, str(tmp_path)]
    creators = [subprocess.Popen([*command, name]) for name in names]
    for number in range(20):
        (tmp_path / str(number)).touch()
        while any(not (tmp_path / f"{number}-{name}").exists() for name in names):
            assert all(creator.poll() in (None, 0) for creator in creators)
            time.sleep(0.005)
    assert [creator.wait(timeout=100) for creator in creators] == [0, 0]
    assert len(store.studies()) == 20
