"""Studies on launchers whose jobs cannot be talked to: one job for each run, heard of through its files."""

import signal
import time
from pathlib import Path

import pytest
from core.tests.study.engine.studies import command, reports, search, start_search, trials, wait_for

DEAF = ("--launcher", f"{Path(__file__).with_name('deaf_launcher.py')}:Deaf")
RESUME = ("study", "resume", "study")


def jobs(cwd):
    """Folders of the study's jobs."""
    return sorted((cwd / "studies" / "study" / "workers").glob("job-*"))


def test_every_run_is_a_job(tmp_path):
    done = search(tmp_path, "steps", *DEAF, "--jobs", "2", "--seeds", "2", "--trials", "2")
    assert done.returncode == 0, done.stderr
    assert [trial.state for trial in trials(tmp_path)] == ["finished"] * 2
    assert sorted(reports(tmp_path))[:5] == [
        (0, 0, step, (pytest.approx(1.69 + 1 / step),)) for step in range(1, 6)
    ]
    assert len(jobs(tmp_path)) == 4
    keys = {run.handle["key"] for trial in trials(tmp_path) for run in trial.runs}
    assert keys == {job.name for job in jobs(tmp_path)}


def test_a_queue_is_asked_a_few_times_a_second_however_many_jobs_have_ended(tmp_path):
    counted = f"{Path(__file__).with_name('deaf_launcher.py')}:Counted"
    began = time.monotonic()
    done = search(tmp_path, "rests", "--launcher", counted, "--jobs", "1", "--trials", "2")
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    polls = (tmp_path / "studies" / "study" / "polls.txt").read_text()
    assert len(polls) < 10 * seconds


@pytest.mark.parametrize("scheduler", ["asha", pytest.param("pbt", marks=pytest.mark.slow)])
def test_schedulers_that_pause_go_on_with_further_jobs(tmp_path, scheduler):
    options = {"asha": ["scheduler.form=promote"], "pbt": ["scheduler.interval=3"]}.get(scheduler, [])
    words = ("--scheduler", scheduler, *options, "--max-step", "9", "--trials", "4", "--jobs", "2")
    done = search(tmp_path, "Climber", *DEAF, *words, algorithm="random")
    assert done.returncode == 0, done.stderr
    ended = trials(tmp_path)
    assert {trial.state for trial in ended} <= {"stopped", "finished"}
    furthest = max(ended, key=lambda trial: trial.runs[0].step)
    assert furthest.runs[0].step == 9
    assert furthest.runs[0].attempt > 1
    steps = [step for trial, _, step, _ in reports(tmp_path) if trial == furthest.number]
    assert steps == list(range(1, 10))
    assert len(jobs(tmp_path)) == sum(trial.runs[0].attempt for trial in ended)


def test_trials_end_with_their_bracket(tmp_path):
    options = ("--scheduler", "successive-halving", "scheduler.trials=2", "--trials", "2", "retries=0")
    done = search(
        tmp_path, "Climber", *DEAF, *options, "max_step=5", "scheduler.min_step=1", algorithm="random"
    )
    assert done.returncode == 0, done.stderr
    assert sorted(trial.runs[0].step for trial in trials(tmp_path)) == [1, 2]
    last = max(trials(tmp_path), key=lambda trial: trial.runs[0].step)
    assert (last.state, last.reason) == ("stopped", "trained to the end of its bracket")
    assert last.values == (-2 * last.parameters["x"],)


def test_a_scheduler_that_must_be_obeyed_at_once_is_refused_with_those_that_can_wait(tmp_path):
    done = search(tmp_path, "curve", *DEAF, "--scheduler", "asha", "--max-step", "9")
    assert done.returncode == 2
    assert "asha with scheduler.form=promote" in done.stderr
    assert not (tmp_path / "studies").exists()


def test_a_study_is_not_resumed_where_its_scheduler_is_not_obeyed(tmp_path):
    words = ("--scheduler", "asha", "--max-step", "9", "--trials", "1")
    assert search(tmp_path, "curve", *words, algorithm="random").returncode == 0
    extend = ("study", "extend", "study", "--trials", "2", f"launcher={DEAF[1]}")
    assert command(*extend, cwd=tmp_path).returncode == 0
    done = command(*RESUME, cwd=tmp_path)
    assert done.returncode == 2
    assert "hear of nothing" in done.stderr


def test_failures_are_told_and_tried_again(tmp_path):
    done = search(tmp_path, "fails", *DEAF)
    assert done.returncode == 0, done.stderr
    failed = [trial for trial in trials(tmp_path) if trial.state == "failed"]
    assert [trial.number for trial in failed] == [3, 4]
    assert "ValueError: x is positive" in failed[0].reason
    assert (failed[0].runs[0].attempt, failed[0].runs[0].failures) == (2, 1)


def test_a_job_that_is_killed_is_tried_again(tmp_path):
    done = search(tmp_path, "dies_once", *DEAF, "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert [trial.runs[0].attempt for trial in trials(tmp_path)] == [1, 1, 1, 2, 2]
    assert "killed by signal 9" in done.stderr


def test_the_launcher_keeps_the_time_limit(tmp_path):
    done = search(tmp_path, "hangs", *DEAF, "resources.time=20", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    reasons = [trial.reason for trial in trials(tmp_path)]
    assert reasons == [None, None, None, *["it ran longer than its limit of 20 s"] * 2]


def test_jobs_outlive_the_driver_and_their_ends_are_collected_by_the_next(tmp_path):
    driver = start_search(tmp_path, "waits", *DEAF, "--trials", "2")
    study = tmp_path / "studies" / "study"
    wait_for((study / "begun").exists)
    driver.kill()
    driver.communicate()
    (study / "go").touch()
    wait_for(lambda: all((job / "end.json").exists() for job in jobs(tmp_path)))
    done = command(*RESUME, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [trial.state for trial in trials(tmp_path)] == ["finished"] * 2
    assert len(jobs(tmp_path)) == 2
    assert [trial.runs[0].failures for trial in trials(tmp_path)] == [0, 0]


def test_jobs_are_ended_resumably_when_the_study_is_stopped(tmp_path):
    driver = start_search(tmp_path, "waits", *DEAF, "--trials", "2", "--jobs", "2")
    study = tmp_path / "studies" / "study"
    wait_for((study / "begun").exists)
    driver.send_signal(signal.SIGTERM)
    _, said = driver.communicate(timeout=120)
    assert driver.returncode == 75, said
    (study / "go").touch()
    assert command(*RESUME, cwd=tmp_path).returncode == 0
    assert [trial.state for trial in trials(tmp_path)] == ["finished"] * 2


def test_jobs_that_never_begin_end_the_study_with_their_words(tmp_path):
    launcher = DEAF[1].replace(":Deaf", ":Broken")
    done = search(tmp_path, "objective", "--launcher", launcher, "--jobs", "3")
    assert done.returncode == 1
    assert "workers end before they begin: " in done.stderr
    assert "exit code 1" in done.stderr
