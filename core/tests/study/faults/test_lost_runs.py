"""A run whose driver was believed dead: what it says at its end comes too late."""

from __future__ import annotations

import sys
from contextlib import closing

import pytest
from core.tests.study.store.postgres_server import PASSWORD

from mlkernel.study.store.opening import open_store

from .machine import Machine, ended, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")

OTHER = "other"
USURPER = """
from contextlib import closing
from mlkernel.study.store.opening import open_store
from mlkernel.study.store.records import DriverRecord

def usurped(config, reporter):
    '''Lets another driver take the first run over, and returns in the same moment.'''
    return -100.0 if is_taken_over(config, reporter) else 3.0

def reports(config, reporter):
    '''Reports at that moment instead.'''
    reporter(step=1, loss=-100.0 if is_taken_over(config, reporter) else 3.0)
    reporter(step=2, loss=3.0)

def is_taken_over(config, reporter):
    if reporter.directory.name != "000000-0":
        return False
    with closing(open_store(config["database"])) as store, store.together("shared"):
        store.take_over("shared", -1.0)
        store.beat("shared", DriverRecord(name="other", host="elsewhere", pid=1, heartbeat=0.0))
        store.start_run("shared", 0, 0, driver="other", directory="runs/000000-0", until=None)
    return True
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    machine = Machine(tmp_path / "one")
    yield machine
    machine.close()


@pytest.mark.parametrize("target", ["usurped", "reports"])
def test_nothing_is_compared_with_what_a_run_says_that_another_driver_has(machine, new_database, target):
    database = new_database()
    (machine.folder / "usurper.py").write_text(USURPER)
    rungs = ("--scheduler", "asha", "scheduler.min_step=1", "--max-step", "9")
    driver = machine.start(
        *("search", "--trainer", f"./usurper.py:{target}", "--set", f"database={database}"),
        *("--space", "x=uniform(0,1)", "--algorithm", "random", "--trials", "2", "--name", "shared"),
        *("--store", database, *rungs),
    )
    with closing(open_store(database)) as store:
        wait_for(lambda: store.counts("shared").keys() & {"finished", "stopped"} if store.studies() else None)
        store.report("shared", 0, 0, step=1.0, values=(5.0,), metrics={}, attempt=2)
        store.end_run("shared", 0, 0, "finished", values=(5.0,), attempt=2)
        store.set_trial("shared", 0, "finished", values=(5.0,))
        store.leave("shared", OTHER)
        code, said = ended(driver)
        assert code == 0, said
        first, second = store.trials("shared")
        assert (first.state, first.values, first.runs[0].attempt) == ("finished", (5.0,), 2)
        assert (second.state, second.values) == ("finished", (3.0,)), "it was the best so far"
    assert "best: trial 1, loss 3" in said
