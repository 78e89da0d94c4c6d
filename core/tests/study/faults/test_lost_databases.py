"""A database that goes away in the middle, or is full: the study stops, and goes on from where it stood."""

from __future__ import annotations

import os
import sys

import pytest
from core.tests.study.store.postgres_server import PASSWORD, missing, postgres_server, url

from .killed_study import outcome
from .machine import Machine, ended, wait_for
from .small_disk import SmallDisk, cannot_mount

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")

SEARCH = (
    *("search", "--space", "x=uniform(-1,1)", "--metric", "loss", "--algorithm", "random", "--trials", "6"),
    *("--name", "study", "--trainer"),
)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    machine = Machine(tmp_path / "machine")
    yield machine
    machine.close()


def cut(database, condition):
    """End connections to *database*; how many there were."""
    import psycopg

    with psycopg.connect(database) as connection:
        return connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND {condition}"
        ).rowcount


def test_a_study_whose_connection_is_cut_goes_on(machine, new_database):
    """Between two transactions, where a driver that waits for its workers nearly always is."""
    database = new_database()
    words = ("./targets.py:gated", "--store", database, "--jobs", "2")
    hold = machine.folder / "hold"
    hold.touch()
    driver = machine.start(*SEARCH, *words)
    runs = machine.study("study").runs
    wait_for((runs / "000001-0").is_dir)
    wait_for(lambda: cut(database, "state = 'idle'") == 1)
    wait_for(lambda: cut(database, "state = 'idle'") == 1)
    hold.unlink()
    code, said = ended(driver)
    assert code == 0, said
    assert "lost the connection to postgresql://" in said
    assert "opened anew" in said
    assert "pa:ss" not in said
    done = outcome(machine.study("study"))
    assert [(trial[0], trial[2]) for trial in done.trials] == [(number, "finished") for number in range(6)]
    assert sorted(done.ends) == sorted(report[0] for report in done.reports) == list(range(6))


def test_a_study_whose_connection_is_cut_in_a_transaction_goes_on_where_it_stood(machine, new_database):
    import psycopg

    database = new_database()
    driver = machine.start(*SEARCH, "./targets.py:noisy", "--store", database)
    wait_for(machine.study("study").runs.is_dir)
    with psycopg.connect(database) as connection:
        connection.execute("LOCK TABLE mlkernel_studies")  # on which the driver's next transaction waits
        wait_for(lambda: cut(database, "wait_event_type = 'Lock'") == 1)
    code, said = ended(driver)
    assert code == 2
    assert "lost the connection to postgresql://" in said
    assert "kernel study resume" in said
    assert "pa:ss" not in said
    assert "Traceback" not in said
    code, said = machine.run("study", "resume", "study")
    assert code == 0, said
    require_equal(machine, "./targets.py:noisy")


@pytest.mark.slow
@pytest.mark.skipif(cannot_mount() or missing() is not None, reason="needs PostgreSQL and a small disk")
def test_a_database_without_room_says_so_and_the_study_goes_on_when_there_is_some(machine):
    import psycopg

    with postgres_server() as folder, SmallDisk(folder / "small", 10_000) as disk:
        os.chown(disk.folder, folder.stat().st_uid, -1)
        disk.folder.chmod(0o700)
        with psycopg.connect(url(folder), autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{disk.folder}'")
            connection.execute("CREATE DATABASE small TABLESPACE small")
        database = url(folder, "small")
        words = ("./targets.py:talks", "--store", database)
        code, said = machine.run(*SEARCH, *words)
        assert code == 2, said
        assert "no room left in postgresql://" in said
        disk.grow(200_000)
        code, said = machine.run("study", "resume", "study")
        assert code == 0, said
        require_equal(machine, "./targets.py:talks")


def require_equal(machine, target):
    """The study did what one does whose state is in a file."""
    code, said = machine.run(*SEARCH, target, "--studies", "elsewhere")
    assert code == 0, said
    assert outcome(machine.study("study")) == outcome(machine.study("study", "elsewhere"))
