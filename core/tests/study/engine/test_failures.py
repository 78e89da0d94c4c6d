"""What fails is handled and told; the other trials go on."""

import signal

import pytest
from core.tests.study.engine.studies import TARGETS, command, search, start, start_search, trials, wait_for

from mlkernel.cli.main import main
from mlkernel.study.engine.study_settings import settled
from mlkernel.study.engine.target_check import check_target
from mlkernel.study.study_config import StudyConfig


def failures(cwd):
    return {trial.number: trial.reason for trial in trials(cwd) if trial.state == "failed"}


def test_a_trial_that_raises_is_tried_again_and_then_fails_alone(tmp_path):
    done = search(tmp_path, "fails")
    assert done.returncode == 0, done.stderr
    assert set(failures(tmp_path)) == {3, 4}
    assert "ValueError: x is positive" in failures(tmp_path)[3]
    assert trials(tmp_path)[3].runs[0].attempt == 2
    assert "2 of them failed" in done.stderr


DEAF = ("--launcher", f"{TARGETS.with_name('deaf_launcher.py')}:Deaf")


@pytest.mark.parametrize("words", [(), ("reuse_workers=false",), DEAF], ids=["warm", "own process", "job"])
def test_a_trial_that_takes_too_much_memory_is_tried_again_and_then_fails(tmp_path, words):
    done = search(tmp_path, "hoards", "--trials", "1", "resources.memory=150", *words, algorithm="random")
    assert done.returncode == 1
    assert "over its memory limit of 150 MB: it used" in done.stderr
    (trial,) = trials(tmp_path)
    assert (trial.state, trial.runs[0].attempt, trial.runs[0].failures) == ("failed", 2, 1)


def test_a_value_that_is_no_number_fails_at_once(tmp_path):
    assert search(tmp_path, "not_a_number").returncode == 0
    assert "loss is nan" in failures(tmp_path)[3]
    assert trials(tmp_path)[3].runs[0].attempt == 1


def test_a_metric_that_is_never_reported_is_named_beside_those_that_were(tmp_path):
    done = search(tmp_path, "silent", "--trials", "2")
    assert done.returncode == 1
    assert "never reported 'loss'; it reported accuracy" in failures(tmp_path)[0]


def test_a_study_does_not_go_on_when_no_trial_reports_its_metric(tmp_path):
    done = search(tmp_path, "silent")
    assert done.returncode == 75
    assert "3 trials ended and none reported 'loss'; they reported accuracy" in done.stderr
    assert "--metric" in done.stderr
    assert list(failures(tmp_path)) == [0, 1, 2]


def test_a_resume_needs_one_trial_to_see_that_the_metric_still_lacks(tmp_path):
    driver_words = ("--trials", "6", "--jobs", "1")
    assert search(tmp_path, "silent", *driver_words, algorithm="random").returncode == 75
    done = command("study", "resume", "study", cwd=tmp_path)
    assert done.returncode == 75
    assert "4 trials ended and none reported 'loss'" in done.stderr
    assert list(failures(tmp_path)) == [0, 1, 2, 3]


def test_a_trainer_that_was_mended_meanwhile_is_trained_on(tmp_path):
    target = tmp_path / "f.py"
    target.write_text("def f(config):\n    pass\n")
    words = ("--space", "x=uniform(0,1)", "--algorithm", "random", "--name", "study", "--trials", "5")
    done = command("search", "--trainer", f"{target}:f", *words, cwd=tmp_path)
    assert done.returncode == 75
    assert "none reported 'loss', nor anything else: let the trainer report it" in done.stderr
    assert "--metric" not in done.stderr
    target.write_text("def f(config):\n    return config['x']\n")
    done = command("study", "resume", "study", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [trial.state for trial in trials(tmp_path)] == ["failed"] * 3 + ["finished"] * 2


@pytest.mark.parametrize("study", ["trials", "configurations"])
def test_a_study_without_its_metric_and_without_more_to_do_is_over(tmp_path, study):
    if study == "trials":
        done = search(tmp_path, "silent", "--trials", "3")
    else:
        for place in range(3):
            (tmp_path / f"{place}.json").write_text('{"x": 1}')
        words = ("--name", "study", "configurations=[0.json, 1.json, 2.json]")
        done = command("search", "--trainer", f"{TARGETS}:silent", *words, cwd=tmp_path)
    assert done.returncode == 1
    assert "finished: 3 trials, 3 of them failed" in done.stderr
    assert "go on with" not in done.stderr


def test_a_study_that_is_stopped_at_its_last_trial_is_over(tmp_path):
    driver = start_search(tmp_path, "sleeps", "--trials", "1", algorithm="random")
    study = tmp_path / "studies" / "study"
    wait_for((study / "begun").exists)
    driver.send_signal(signal.SIGINT)
    assert any("stopping" in line for line in driver.stderr)
    (study / "go").touch()
    said = driver.communicate(timeout=120)[1]
    assert driver.returncode == 0, said
    assert "finished: 1 trial" in said
    assert "go on with" not in said


def test_failures_count_whoever_drives(tmp_path):
    words = ("retries=2", "--trials", "1", "points_to_evaluate=[{x: 0.5}]")
    driver = start_search(tmp_path, "fails_when_told", *words)
    study = tmp_path / "studies" / "study"
    for attempt in (1, 2):
        wait_for((study / f"begun-{attempt}").exists)
        (study / f"fail-{attempt}").touch()
        wait_for((study / f"begun-{attempt + 1}").exists)
        driver.kill()
        driver.communicate()
        driver = start("study", "resume", "study", cwd=tmp_path)
    wait_for((study / "begun-3").exists)
    (study / "fail-3").touch()
    assert driver.wait(120) == 1
    driver.communicate()
    assert [run.failures for run in trials(tmp_path)[0].runs] == [2]
    assert not (study / "begun-4").exists()


def test_everything_wrong_is_told_before_anything_begins(tmp_path):
    unknown = search(tmp_path, "objectiv")
    assert unknown.returncode == 2
    assert "Did you mean 'objective'?" in unknown.stderr
    impossible = search(tmp_path, "objective", "--constraint", "x > 2")
    assert impossible.returncode == 2
    assert "x > 2" in impossible.stderr
    endless = command(
        "search", "--trainer", f"{TARGETS}:objective", "--space", "x=uniform(0,1)", cwd=tmp_path
    )
    assert endless.returncode == 2
    assert "study.trials" in endless.stderr
    assert not (tmp_path / "studies").exists()


def test_a_study_file_is_refused_with_its_lines(tmp_path):
    (tmp_path / "STUDY.toml").write_text(
        'trainer = "a:b"\ntrails = 3\n[[objectives]]\nmetric = "loss"\nmode = "least"\n'
    )
    done = command("search", "STUDY.toml", "--jobs", "0", cwd=tmp_path)
    assert done.returncode == 2
    assert "study.trails: unknown key; did you mean trials?  (STUDY.toml:2)" in done.stderr
    assert "STUDY.toml:5" in done.stderr
    assert "study.jobs: must be >= 1" in done.stderr


def test_parameters_must_be_options_of_the_trainer(tmp_path):
    (tmp_path / "trainers.py").write_text(
        "import mlkernel\nfrom attrs import frozen\n"
        "@frozen(kw_only=True)\nclass Config:\n    rate: float = mlkernel.option(0.1, help='Step.')\n"
        "class Tiny(mlkernel.Trainer):\n    Config = Config\n    def train(self):\n        pass\n"
    )
    words = ("search", "--trainer", "./trainers.py:Tiny", "--algorithm", "random", "--trials", "2")
    done = command(*words, "--space", "trainer.ratte=uniform(0,1)", cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean rate?" in done.stderr
    done = command(*words, "--space", "rate=[1, fast]", cwd=tmp_path)
    assert done.returncode == 2
    assert "the option is a" in done.stderr


BOUNDED = """
import mlkernel
from attrs import frozen, validators

@frozen(kw_only=True)
class Config:
    rate: float = mlkernel.option(0.1, help="Step.", validator=validators.le(1))
    kind: str = mlkernel.option("a", help="Kind.", validator=validators.in_(("a", "b")))
    count: int = mlkernel.option(1, help="Count.", validator=validators.gt(0))

class Tiny(mlkernel.Trainer):
    Config = Config
    def train(self):
        pass
"""


def test_bounds_that_an_option_refuses_are_named_before_anything_begins(tmp_path, capsys):
    space = ("rate=uniform(0.5,1.01)", "kind=[a, b, c]", "count=0 when kind=b")
    (tmp_path / "bounded.py").write_text(BOUNDED)
    words = [
        "search",
        "--trainer",
        f"{tmp_path}/bounded.py:Tiny",
        "--studies",
        str(tmp_path),
        "--trials",
        "2",
    ]
    assert main([*words, "--name", "study", *(f"--space={text}" for text in space)]) == 2
    assert not (tmp_path / "study").exists()
    said = capsys.readouterr().err
    assert "3 problems" in said
    assert "rate: its high is 1.01, and the option must be <= 1" in said
    assert "kind: its categorical has the value 'c', and the option must be in" in said
    assert "count: it is 0, and the option must be > 0" in said


def test_bounds_that_a_constraint_keeps_out_are_not_refused(tmp_path):
    (tmp_path / "bounded.py").write_text(BOUNDED)
    config = StudyConfig(
        trainer=f"{tmp_path}/bounded.py:Tiny",
        space={"rate": "uniform(0, 1.01)", "constraints": ["rate <= 0.9"]},
        trials=2,
    )
    check_target(settled(config))


def test_what_the_launcher_can_never_give_is_refused_before_anything_begins(tmp_path):
    done = search(tmp_path, "objective", "resources.cpus=4096")
    assert done.returncode == 2
    assert "a job asks for 4096 cpus" in done.stderr
    assert not (tmp_path / "studies").exists()


def test_a_folder_to_start_in_that_is_missing_is_named(tmp_path):
    done = search(tmp_path, "objective", "directory=nowhere")
    assert done.returncode == 2
    assert f"there is no folder {tmp_path / 'nowhere'}" in done.stderr
    assert not (tmp_path / "studies").exists()


@pytest.mark.parametrize("before", ["no-such-program", pytest.param("echo 'torn", marks=pytest.mark.slow)])
def test_a_command_before_a_study_that_cannot_be_run_can_be_mended(tmp_path, before):
    done = search(tmp_path, "objective", f'before=["{before}"]')
    assert done.returncode == 1
    assert f"the command {before!r} of study study cannot be run: N" in done.stderr
    assert command("study", "extend", "study", "before=[echo ready]", cwd=tmp_path).returncode == 0
    assert command("study", "resume", "study", cwd=tmp_path).returncode == 0
