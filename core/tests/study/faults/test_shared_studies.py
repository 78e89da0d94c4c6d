"""Drivers with folders of their own, as on several machines, on one study in PostgreSQL."""

from __future__ import annotations

import random
import sys
import time
from contextlib import closing

import pytest
from core.tests.study.store.postgres_server import PASSWORD, url

from mlkernel.study.store.opening import open_store

from .frail_line import ANYWHERE, Chance, FrailLine, folder_of
from .killed_study import kill, processes_of
from .machine import Machine, ended, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")

SEARCH = (
    *("search", "--space", "x=uniform(-1,1)", "--metric", "loss", "--algorithm", "random"),
    *("--name", "shared", "--trainer"),
)


@pytest.fixture
def machines(tmp_path, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    machines = Machine(tmp_path / "one"), Machine(tmp_path / "two")
    yield machines
    for machine in machines:
        machine.close()


@pytest.fixture
def database(new_database):
    return new_database()


def trials(database):
    with closing(open_store(database)) as store:
        return list(store.trials("shared"))


def require_complete(database, count):
    """Every trial is there once, and every run of it was counted once."""
    done = trials(database)
    assert [trial.number for trial in done] == list(range(count))
    assert {trial.state for trial in done} == {"finished"}
    assert sorted(trial.sequence for trial in done) == list(range(count))
    with closing(open_store(database)) as store:
        reports = [(one.trial, one.place, one.step) for one in store.reports("shared")]
        assert store.drivers("shared") == []
        assert store.study("shared").state == "finished"
    assert len(reports) == len(set(reports))
    return done


def age_heartbeats(database):
    """Let a minute and more have passed without a word from any driver."""
    import psycopg

    with psycopg.connect(database) as connection:
        connection.execute("UPDATE mlkernel_drivers SET heartbeat = heartbeat - 100")


def test_two_drivers_with_folders_of_their_own_do_a_study_together(machines, database):
    one, two = machines
    for machine, offset in zip(machines, (0, 100), strict=True):
        (machine.folder / "hold").touch()
        (machine.folder / "offset.json").write_text(f'{{"offset": {offset}}}')
    words = (
        *("./targets.py:gated", "--config", "offset.json", "--trials", "8", "--seeds", "2"),
        *("--store", database),
    )
    first = one.start(*SEARCH, *words, 'after=["echo it is over"]')
    wait_for((one.folder / "begun").exists)
    second = two.start("study", "join", "shared", "--store", database)
    wait_for((two.folder / "begun").exists)
    for machine in machines:
        (machine.folder / "hold").unlink()
    (code, said), (other_code, other_said) = ended(first), ended(second)
    assert (code, other_code) == (0, 0), said + other_said
    assert "joining the study 'shared'" in other_said
    done = require_complete(database, 8)
    assert {run.attempt for trial in done for run in trial.runs} == {1}
    for text in (said, other_said):
        assert "finished: 8 trials" in text
    assert (said + other_said).count("\nit is over\n") + said.startswith("it is over") == 1
    names = one.runs("shared") + two.runs("shared")
    assert sorted(names) == [f"{trial:06d}-{place}" for trial in range(8) for place in range(2)]
    by_files_of_two = {
        f"{trial.number:06d}-{run.place}"
        for trial in done
        for run in trial.runs
        if run.values == (trial.parameters["x"] + 100,)
    }
    assert by_files_of_two == set(two.runs("shared")), "each reads the files of its own folder"


def test_the_commands_before_a_study_are_run_once_and_waited_for(machines, database):
    one, two = machines
    (one.folder / "prepare.sh").write_text("echo once >> done.txt; while [ -e held ]; do sleep 0.1; done")
    (one.folder / "held").touch()
    words = ("./targets.py:gated", "--trials", "3", "--store", database, 'before=["sh prepare.sh"]')
    (two.folder / "prepare.sh").write_text("echo once >> done.txt")
    first = one.start(*SEARCH, *words)
    wait_for((one.folder / "done.txt").exists)
    second = two.start("study", "join", "shared", "--store", database)
    assert any("waiting for the commands" in line for line in second.stderr)
    assert not trials(database)
    (one.folder / "held").unlink()
    (code, said), (other_code, _) = ended(first), ended(second)
    assert (code, other_code) == (0, 0), said
    require_complete(database, 3)
    assert (one.folder / "done.txt").read_text() == "once\n"
    assert not (two.folder / "done.txt").exists()


def test_another_driver_prepares_a_study_whose_first_one_died_at_it(machines, database):
    one, two = machines
    silently = "exec > /dev/null 2>&1; touch begun; while [ -e held ]; do sleep 0.1; done"
    for machine in machines:
        (machine.folder / "prepare.sh").write_text(silently)
    (one.folder / "held").touch()
    words = ("./targets.py:gated", "--trials", "3", "--store", database, 'before=["sh prepare.sh"]')
    first = one.start(*SEARCH, *words)
    wait_for((one.folder / "begun").exists)
    one.die(first, "shared")
    (one.folder / "held").unlink()
    second = two.start("study", "join", "shared", "--store", database)
    age_heartbeats(database)
    code, said = ended(second)
    assert code == 0, said
    assert "$ sh prepare.sh" in said
    require_complete(database, 3)


def test_the_runs_of_a_machine_that_died_are_done_by_another(machines, database):
    one, two = machines
    (one.folder / "hold").touch()
    first = one.start(*SEARCH, "./targets.py:gated", "--trials", "3", "--store", database)
    wait_for((one.folder / "begun").exists)
    second = two.start("study", "join", "shared", "--store", database)
    wait_for(lambda: sum(trial.state == "finished" for trial in trials(database)) == 2)
    assert second.poll() is None, "a trial is left"
    one.die(first, "shared")
    age_heartbeats(database)
    code, said = ended(second)
    assert code == 0, said
    assert "finished: 3 trials" in said
    done = require_complete(database, 3)
    assert [trial.runs[0].attempt for trial in done] == [2, 1, 1]


def test_a_driver_that_was_believed_dead_changes_nothing_of_what_others_took_over(machines, database):
    one, two = machines
    (one.folder / "hold").touch()
    first = one.start(*SEARCH, "./targets.py:gated", "--trials", "2", "--store", database)
    wait_for((one.folder / "begun").exists)
    one.sleep(first)
    (two.folder / "hold").touch()
    second = two.start("study", "join", "shared", "--store", database, "--studies", "mine")
    wait_for((two.folder / "begun").exists)
    age_heartbeats(database)
    wait_for(lambda: trials(database)[0].runs[0].state == "waiting")
    (two.folder / "hold").unlink()
    wait_for(lambda: all(trial.state == "finished" for trial in trials(database)))
    before = trials(database)
    (one.folder / "hold").unlink()
    one.wake_up(first)
    (code, said), (other_code, other_said) = ended(first), ended(second)
    assert (code, other_code) == (0, 0), said + other_said
    assert require_complete(database, 2) == before
    assert before[0].runs[0].attempt == 2
    assert "finished: 2 trials" in said


def test_a_driver_that_was_cut_off_changes_nothing_of_what_others_took_over(machines, database):
    one, two = machines
    is_away = False
    folder, name = folder_of(database)
    with FrailLine(folder, lambda _said: is_away) as line:
        (one.folder / "hold").touch()
        words = ("./targets.py:gated", "--trials", "2", "--store", url(line.folder, name))
        first = one.start(*SEARCH, *words)
        wait_for((one.folder / "begun").exists)
        is_away = True
        assert any("It is opened anew" in said for said in first.stderr)
        second = two.start("study", "join", "shared", "--store", database)
        age_heartbeats(database)
        code, said = ended(second)
        assert code == 0, said
        before = trials(database)
        assert before[0].runs[0].attempt == 2
        (one.folder / "hold").unlink()
        is_away = False
        code, said = ended(first)
        assert code == 0, said
        assert "finished: 2 trials" in said
        assert require_complete(database, 2) == before


def test_a_driver_whose_connections_are_cut_does_not_disturb_another(machines, database):
    one, two = machines
    folder, name = folder_of(database)
    chance = Chance(one.study("shared"), seed=30, cuts=8, gap=ANYWHERE)
    with FrailLine(folder, chance) as line:
        words = ("./targets.py:noisy", "--trials", "30", "--store", url(line.folder, name))
        first = one.start(*SEARCH, *words)
        wait_for(one.study("shared").store_note.exists)
        second = two.start("study", "join", "shared", "--store", database)
        (code, said), (other_code, other_said) = ended(first), ended(second)
    assert (code, other_code) == (0, 0), said + other_said
    assert chance.left < 8
    assert "lost the connection" not in other_said
    require_complete(database, 30)
    with closing(open_store(database)) as store:
        steps = [(one.trial, one.step) for one in store.reports("shared")]
    assert sorted(steps) == [(trial, step) for trial in range(30) for step in range(1, 6)]


def test_a_signal_stops_one_driver_and_none_of_the_others(machines, database):
    one, two = machines
    for machine in machines:
        (machine.folder / "hold").touch()
    first = one.start(*SEARCH, "./targets.py:gated", "--trials", "4", "--store", database)
    wait_for((one.folder / "begun").exists)
    second = two.start("study", "join", "shared", "--store", database)
    wait_for((two.folder / "begun").exists)
    first.terminate()
    (one.folder / "hold").unlink()
    assert ended(first)[0] == 75
    time.sleep(1.5)
    assert second.poll() is None
    (two.folder / "hold").unlink()
    assert ended(second)[0] == 0
    require_complete(database, 4)


def test_what_cannot_be_joined_is_said(machines, database):
    one, two = machines
    code, said = one.run(*SEARCH, "./targets.py:gated", "--trials", "1", "--store", database)
    assert code == 0, said
    code, said = two.run("study", "join", "share", "--store", database)
    assert (code, "Did you mean shared?" in said) == (2, True)
    (two.folder / "targets.py").unlink()
    code, said = two.run("study", "join", "shared", "--store", database)
    assert code == 2
    assert f"the file {two.folder / 'targets.py'} does not exist" in said
    assert f"as they lie in {one.folder}" in said
    assert not (two.folder / "studies").exists()
    code, said = two.run("study", "join", "shared", "--store", "study.sqlite")
    assert code == 2
    assert "is no address of a database" in said
    assert "pa%3Ass" not in (one.folder / "studies" / "shared" / "study.json").read_text()


def test_a_population_whose_checkpoints_lie_elsewhere_is_not_joined(machines, database):
    one, two = machines
    population = ("--scheduler", "pbt", "--trials", "2", "--max-step", "2", "scheduler.interval=1")
    code, said = one.run(*SEARCH, "./targets.py:Walker", *population, "--store", database)
    assert code == 0, said
    code, said = two.run("study", "join", "shared", "--store", database)
    assert code == 2
    assert "lie in the folder of the driver that made them" in said


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_fifty_kills_on_two_machines_lose_nothing_and_count_nothing_twice(machines, database):
    trials_in_all = 150
    one, two = machines
    begin = (*SEARCH, "./targets.py:noisy", "--store", database, "--seeds", "2", "retries=1000")
    join = ("study", "join", "shared", "--store", database)
    moments = random.Random(50)
    drivers = {one: one.start(*begin, "--trials", str(trials_in_all))}
    wait_for(one.study("shared").store_note.exists)
    drivers[two] = two.start(*join)
    wait_for(two.study("shared").store_note.exists)
    for _ in range(50):
        time.sleep(moments.expovariate(1 / 0.5))
        machine = moments.choice(machines)
        match moments.choice(["driver", "workers", "machine"]):
            case "driver":
                drivers[machine].kill()
                drivers[machine].communicate()
            case "workers":
                for process in processes_of(machine.study("shared").path)[0]:
                    kill(process)
            case "machine":
                machine.die(drivers[machine], "shared")
        if drivers[machine].poll() is not None:
            drivers[machine] = machine.start("study", "resume", "shared")
    assert any(trial.state != "finished" for trial in trials(database)), "some kills came too late"
    for driver in drivers.values():
        code, said = ended(driver)
        assert code == 0, said
    done = require_complete(database, trials_in_all)
    assert len({trial.parameters["x"] for trial in done}) == trials_in_all
    with closing(open_store(database)) as store:
        steps = [(one.trial, one.place, one.step) for one in store.reports("shared")]
    assert sorted(steps) == [
        (trial, place, step) for trial in range(trials_in_all) for place in range(2) for step in range(1, 6)
    ]
