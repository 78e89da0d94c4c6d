"""A database that goes away in the middle, or is full: the study goes on from where it stood, or stops."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import closing, nullcontext

import pytest
from core.tests.study.store.postgres_server import PASSWORD, missing, postgres_server, start, stop, url
from core.tests.tracker.trackers import RECEIVED

from mlkernel.study.engine.outages import TRIES
from mlkernel.study.engine.study_commands import BEAT_SECONDS
from mlkernel.study.store.database import ConnectionLostError
from mlkernel.tracker.run_work import Starter
from mlkernel.tracker.study_work import StudyWork
from mlkernel.tracker.tracking_file import TrackerChoice, TrackingFile

from .frail_line import ANYWHERE, COMMITS, COMMITTED, Chance, FrailLine, folder_of
from .killed_study import outcome, processes_of
from .machine import Machine, ended, wait_for
from .small_disk import SmallDisk, cannot_mount

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")

SEARCH = (
    *("search", "--space", "x=uniform(-1,1)", "--metric", "loss", "--algorithm", "random"),
    *("--name", "study", "--trainer"),
)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    machine = Machine(tmp_path / "machine")
    yield machine
    machine.close()


@pytest.fixture
def server():
    """The folder of a server that may be stopped."""
    if reason := missing():
        pytest.skip(reason)
    with postgres_server() as folder:
        yield folder


def cut(database, condition="true"):
    """End connections to *database*, but for those of tests that do so; how many there were."""
    import psycopg

    with psycopg.connect(database, application_name="cut") as connection:
        return connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            f" AND backend_type = 'client backend' AND application_name <> 'cut' AND {condition}"
        ).rowcount


def require_said(driver, words):
    """Wait until the driver says so; what it has said by then."""
    said = []
    for line in driver.stderr:
        said.append(line)
        if words in line:
            return "".join(said)
    raise AssertionError("".join(said))


def require_same(machine, *words):
    """The study did what one does whose state is in a file, in whatever order its workers did it."""
    code, said = machine.run(*SEARCH, *words, "--studies", "elsewhere")
    assert code == 0, said
    one, other = outcome(machine.study("study")), outcome(machine.study("study", "elsewhere"))
    assert one.trials == other.trials
    assert sorted(one.ends) == sorted(other.ends)
    assert sorted(one.reports) == sorted(other.reports)


def test_a_study_whose_connection_is_cut_goes_on(machine, new_database):
    """Nearly always between two transactions, where a driver is that waits for its workers."""
    database = new_database()
    words = ("./targets.py:gated", "--trials", "6", "--jobs", "2")
    hold = machine.folder / "hold"
    hold.touch()
    driver = machine.start(*SEARCH, *words, "--store", database)
    wait_for((machine.study("study").runs / "000001-0").is_dir)
    wait_for(lambda: cut(database))
    wait_for(lambda: cut(database))
    hold.unlink()
    code, said = ended(driver)
    assert code == 0, said
    assert "lost the connection to postgresql://" in said
    assert "opened anew" in said
    assert "pa:ss" not in said
    require_same(machine, *words)


def test_a_study_whose_connection_is_cut_in_a_transaction_goes_on(machine, new_database):
    import psycopg

    database = new_database()
    words = ("./targets.py:noisy", "--trials", "6")
    driver = machine.start(*SEARCH, *words, "--store", database)
    wait_for(machine.study("study").runs.is_dir)
    with psycopg.connect(database, application_name="cut") as connection:
        connection.execute("LOCK TABLE mlkernel_studies")  # on which the driver's next transaction waits
        wait_for(lambda: cut(database, "wait_event_type = 'Lock'"))
    code, said = ended(driver)
    assert code == 0, said
    assert "lost the connection to postgresql://" in said
    assert "It is opened anew, for up to 60 s" in said
    assert "pa:ss" not in said
    assert "Traceback" not in said
    require_same(machine, *words)


def drive_through_cuts(machine, database, seed, cuts, gap, *words, what=b""):
    folder, name = folder_of(database)
    commands = [f"{when}=[\"sh -c 'echo once >> {when}.txt'\"]" for when in ("before", "after")]
    chance = Chance(machine.study("study"), seed, cuts, gap, what)
    with FrailLine(folder, chance) as line:
        code, said = machine.run(*SEARCH, *words, "--store", url(line.folder, name), *commands)
        assert code == 0, said
        assert not chance.left, "some would have come too late"
        assert "pa:ss" not in said
        assert said.count("finished: ") == 1
        for when in ("before", "after"):
            assert (machine.folder / f"{when}.txt").read_text() == "once\n"
        require_same(machine, *words)


def test_a_study_whose_connections_are_cut_at_any_moment_goes_on(machine, new_database):
    words = ("./targets.py:noisy", "--trials", "20", "--jobs", "2")
    drive_through_cuts(machine, new_database(), 20, 10, ANYWHERE, *words)


def test_what_was_kept_is_not_done_again_when_the_driver_did_not_hear_of_it(machine, new_database):
    words = ("./targets.py:noisy", "--trials", "10", "--jobs", "2")
    drive_through_cuts(machine, new_database(), 10, 6, COMMITS, *words, what=COMMITTED)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("gap", "what"), [(ANYWHERE, b""), (COMMITS, COMMITTED)], ids=["any", "commits"])
def test_a_hundred_cuts_lose_nothing_and_count_nothing_twice(machine, new_database, seed, gap, what):
    words = ("./targets.py:noisy", "--trials", "150", "--jobs", "2", "--seeds", "2")
    drive_through_cuts(machine, new_database(), seed, 100, gap, *words, what=what)


def test_a_driver_that_gets_nowhere_ends(machine, new_database):
    import psycopg

    database = new_database()
    hold = machine.folder / "hold"
    hold.touch()
    driver = machine.start(*SEARCH, "./targets.py:gated", "--trials", "3", "--store", database)
    wait_for((machine.study("study").runs / "000000-0").is_dir)
    with psycopg.connect(database, application_name="cut") as connection:
        connection.execute(
            "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(60); RETURN NULL; END';"
            "CREATE TRIGGER die AFTER INSERT ON mlkernel_reports EXECUTE FUNCTION die()"
        )
    hold.unlink()
    code, said = ended(driver)
    assert code == 2, said
    assert "times in a row, and the study got nowhere" in said
    assert "kernel study resume" in said
    assert said.count("It is opened anew") <= 2 * TRIES
    assert "Traceback" not in said
    with psycopg.connect(database, application_name="cut") as connection:
        connection.execute("DROP FUNCTION die CASCADE")
    code, said = machine.run("study", "resume", "study")
    assert code == 0, said
    assert "finished: 3 trials" in said


def test_a_study_goes_on_when_its_server_does(machine, server):
    words = ("./targets.py:gated", "--trials", "4", "--jobs", "2")
    hold = machine.folder / "hold"
    hold.touch()
    driver = machine.start(*SEARCH, *words, "--store", url(server))
    wait_for((machine.study("study").runs / "000001-0").is_dir)
    stop(server)
    require_said(driver, "It is opened anew, for up to 60 s")
    hold.unlink()
    start(server)
    code, said = ended(driver)
    assert code == 0, said
    require_same(machine, *words)


def test_a_driver_is_stopped_that_waits_for_its_server(machine, server):
    hold = machine.folder / "hold"
    hold.touch()
    driver = machine.start(*SEARCH, "./targets.py:gated", "--trials", "2", "--store", url(server))
    wait_for((machine.study("study").runs / "000000-0").is_dir)
    stop(server)
    require_said(driver, "It is opened anew")
    for answer in ("stopping: runs end", "stopping at once"):
        driver.send_signal(signal.SIGINT)
        require_said(driver, answer)
    code, said = ended(driver)
    assert code == 2, said
    assert "lost the connection to postgresql://" in said
    assert "kernel study resume" in said
    assert "Traceback" not in said
    assert "pa:ss" not in said
    hold.unlink()
    start(server)
    code, said = machine.run("study", "resume", "study")
    assert code == 0, said
    assert "finished: 2 trials" in said


def test_a_study_that_is_asked_to_stop_when_its_connection_is_lost_stops(machine, new_database):
    import psycopg

    database = new_database()
    hold = machine.folder / "hold"
    hold.touch()
    driver = machine.start(*SEARCH, "./targets.py:gated", "--trials", "2", "--store", database)
    wait_for((machine.study("study").runs / "000000-0").is_dir)
    with psycopg.connect(database, application_name="cut") as connection:
        connection.execute("LOCK TABLE mlkernel_studies")
        wait_for(lambda: cut(database, "wait_event_type = 'Lock'"))
        connection.execute("UPDATE mlkernel_studies SET state = 'stopped'")
    hold.unlink()
    code, said = ended(driver)
    assert code == 75, said
    assert "stopped (asked to stop)" in said


def test_a_follower_bears_with_a_server_that_is_away(machine, server, monkeypatch):
    monkeypatch.setenv(RECEIVED, str(machine.folder / "received"))
    directory = machine.study("study")
    with closing(directory.create(url(server))) as store:
        store.create("study", {"objectives": [{"metric": "loss", "mode": "min"}], "trainer": "f"})
    file = TrackingFile(directory.path, "desk")
    file.begin(TrackerChoice(reference="core.tests.tracker.trackers:Trusts"))
    work = StudyWork(file, Starter(pid=os.getppid()), nullcontext())
    assert not work.step()
    stop(server)
    with pytest.raises(ConnectionLostError, match="lost the connection"):
        work.step()
    assert not work.may_end(), "whoever started it lives"
    start(server)
    assert not work.step()
    work.close()


@pytest.mark.slow
def test_a_server_that_stays_away_ends_the_driver_after_a_minute(machine, server):
    (machine.folder / "hold").touch()
    driver = machine.start(*SEARCH, "./targets.py:gated", "--trials", "2", "--store", url(server))
    wait_for((machine.study("study").runs / "000000-0").is_dir)
    stop(server)
    code, said = ended(driver)
    assert code == 2, said
    assert said.count("lost the connection to postgresql://") == 2  # when it is lost, and at the end
    assert "kernel study resume" in said
    assert "pa:ss" not in said
    wait_for(lambda: not any(processes_of(machine.folder)))  # its workers end with it


@pytest.mark.slow
def test_a_command_goes_on_and_is_run_once_while_its_driver_cannot_tell_that_it_lives(machine, server):
    (machine.folder / "held").touch()
    (machine.folder / "prepare.sh").write_text("echo once >> done.txt; while [ -e held ]; do sleep 0.1; done")
    words = ("./targets.py:noisy", "--trials", "2")
    driver = machine.start(*SEARCH, *words, "--store", url(server), 'before=["sh prepare.sh"]')
    wait_for((machine.folder / "done.txt").exists)
    stop(server)
    time.sleep(BEAT_SECONDS + 1)
    start(server)
    (machine.folder / "held").unlink()
    code, said = ended(driver)
    assert code == 0, said
    assert (machine.folder / "done.txt").read_text() == "once\n"
    require_same(machine, *words)


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
        words = ("./targets.py:talks", "--trials", "6")
        code, said = machine.run(*SEARCH, *words, "--store", database)
        assert code == 2, said
        assert "no room left in postgresql://" in said
        disk.grow(200_000)
        code, said = machine.run("study", "resume", "study")
        assert code == 0, said
        require_same(machine, *words)
