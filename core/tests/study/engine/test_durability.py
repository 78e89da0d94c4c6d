"""No trial is lost and none is counted twice, whoever dies when."""

import signal
import subprocess

from core.tests.study.engine.studies import (
    command,
    search,
    start_search,
    trials,
    wait_for,
)

RESUME = ("study", "resume", "study")


def workers(cwd):
    """Process numbers of the study's workers."""
    pattern = f"mlkernel.study.worker --study {cwd / 'studies' / 'study'} "
    found = subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


def test_a_worker_that_is_lost_is_replaced_and_its_run_tried_again(tmp_path):
    done = search(tmp_path, "dies_once")
    assert done.returncode == 0, done.stderr
    assert [trial.values for trial in trials(tmp_path)] == [(-1.0,), (-0.5,), (0.0,), (0.5,), (1.0,)]
    assert [trial.runs[0].attempt for trial in trials(tmp_path)] == [1, 1, 1, 2, 2]
    assert "its worker was lost" in done.stderr


def test_a_worker_trains_on_while_nobody_drives_and_is_taken_over(tmp_path):
    driver = start_search(tmp_path, "waits")
    wait_for((tmp_path / "studies" / "study" / "begun").exists)
    before = workers(tmp_path)
    driver.kill()
    driver.communicate()
    (tmp_path / "studies" / "study" / "go").touch()
    done = command(*RESUME, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(before) >= 1
    assert {trial.runs[0].handle["key"] for trial in trials(tmp_path)} == {
        path.name for path in (tmp_path / "studies" / "study" / "workers").iterdir()
    }
    assert len(list((tmp_path / "studies" / "study" / "workers").iterdir())) == 1


def test_a_signal_stops_resumably(tmp_path):
    driver = start_search(tmp_path, "waits")
    study = tmp_path / "studies" / "study"
    wait_for((study / "begun").exists)
    driver.send_signal(signal.SIGTERM)
    _, said = driver.communicate(timeout=120)
    assert driver.returncode == 75, said
    assert "kernel study resume study" in said
    assert workers(tmp_path) == []
    (study / "go").touch()
    assert command(*RESUME, cwd=tmp_path).returncode == 0
    assert [trial.state for trial in trials(tmp_path)] == ["finished"] * 5


def test_a_second_interrupt_waits_for_no_report(tmp_path):
    driver = start_search(tmp_path, "sleeps")
    study = tmp_path / "studies" / "study"
    wait_for((study / "begun").exists)
    driver.send_signal(signal.SIGINT)
    began = driver.stderr.readline()
    while "Ctrl-C again" not in began:
        began = driver.stderr.readline()
    assert (
        "stopping: runs end at their next report, at the latest after 10 s; Ctrl-C again stops at once"
        in began
    )
    driver.send_signal(signal.SIGINT)
    _, said = driver.communicate(timeout=120)
    assert driver.returncode == 75, said
    assert said.count("stopping at once") == 1
    assert "Ctrl-C again" not in said
    assert workers(tmp_path) == []
    (study / "go").touch()
    assert command(*RESUME, cwd=tmp_path).returncode == 0
    assert [(trial.state, trial.runs[0].failures) for trial in trials(tmp_path)] == [("finished", 0)] * 5


def test_a_second_driver_is_refused_and_stop_and_extend_reach_the_first(tmp_path):
    driver = start_search(tmp_path, "waits", "--trials", "2", algorithm="random")
    study = tmp_path / "studies" / "study"
    wait_for((study / "begun").exists)
    second = command(*RESUME, cwd=tmp_path)
    assert second.returncode == 2
    assert f"is being driven by process {driver.pid}" in second.stderr
    extended = command("study", "extend", "study", "--trials", "3", "--space", "x=uniform(5,6)", cwd=tmp_path)
    assert extended.returncode == 0, extended.stderr
    refused = command("study", "extend", "study", "seed=3", cwd=tmp_path)
    assert refused.returncode == 2
    assert "study.seed: cannot change" in refused.stderr
    stopped = command("study", "stop", "study", "--wait", "30", cwd=tmp_path)
    assert stopped.returncode == 0, stopped.stdout
    assert driver.wait(120) == 75
    driver.communicate()
    (study / "go").touch()
    assert command(*RESUME, cwd=tmp_path).returncode == 0
    assert len(trials(tmp_path)) == 3
    assert trials(tmp_path)[2].parameters["x"] >= 5


def test_a_study_that_is_finished_has_nothing_left_to_do(tmp_path):
    assert search(tmp_path, "objective").returncode == 0
    done = command(*RESUME, cwd=tmp_path)
    assert done.returncode == 0
    assert len(trials(tmp_path)) == 5
