"""``kernel search`` from beginning to end."""

from core.tests.study.engine.studies import TARGETS, command, reports, search, trials

from mlkernel.cli.main import main


def test_trials_are_run_by_workers_and_the_best_is_told(tmp_path):
    done = search(tmp_path, "objective", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    ended = trials(tmp_path)
    assert [trial.parameters["x"] for trial in ended] == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert all(trial.state == "finished" for trial in ended)
    assert [trial.values for trial in ended] == [((trial.parameters["x"] - 0.3) ** 2,) for trial in ended]
    assert "best: trial 3" in done.stderr
    assert "kernel study show study" in done.stderr


def test_of_several_objectives_the_front_is_counted(tmp_path):
    (tmp_path / "f.py").write_text("def f(config): return {'a': config['x'], 'b': abs(config['x'] - 2)}\n")
    words = (
        "--trainer",
        "./f.py:f",
        "--space",
        "x=[0,1,2,3]",
        "--metric",
        "a",
        "--metric",
        "b",
        "--name",
        "study",
    )
    done = command("search", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Pareto front: 3 trials; kernel study best study shows it" in done.stderr
    assert "best: trial" not in done.stderr
    assert "Pareto front: 3 of 3 points" in command("study", "best", "study", cwd=tmp_path).stdout


def test_a_study_of_that_name_is_not_overwritten(tmp_path):
    first = search(tmp_path, "objective", "--trials", "1")
    assert first.returncode == 0
    assert "finished: 1 trial; " in first.stderr
    again = search(tmp_path, "objective")
    assert again.returncode == 2
    assert "kernel study resume study" in again.stderr


def test_seeds_and_folds_are_runs_of_a_trial_and_are_aggregated(tmp_path):
    done = search(tmp_path, "seeded", "--seeds", "5,7", "folds=2", "aggregate=worst")
    assert done.returncode == 0, done.stderr
    first = trials(tmp_path)[0]
    assert [(run.seed, run.fold) for run in first.runs] == [(5, 0), (5, 1), (7, 0), (7, 1)]
    assert first.values == (-1.0 + 7 + 10,)


def test_the_result_of_a_run_may_be_its_best_report(tmp_path):
    done = search(tmp_path, "steps", "result=mean", "--trials", "1")
    assert done.returncode == 0, done.stderr
    values = [value for _, _, _, (value,) in reports(tmp_path)]
    assert trials(tmp_path)[0].values == (sum(values) / 5,)


def test_configurations_are_tried_without_a_search(tmp_path):
    for offset in (1, 2):
        (tmp_path / f"c{offset}.toml").write_text(f"x = 10\noffset = {offset}\n")
    study = tmp_path / "STUDY.toml"
    study.write_text(
        f'name = "files"\ntrainer = "{TARGETS}:configured"\nconfigurations = ["c1.toml", "c2.toml"]\nseeds = 2\n'
    )
    done = command("search", "STUDY.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [trial.values for trial in trials(tmp_path, "files")] == [(11.0,), (12.0,)]


def test_several_trials_need_something_to_search(tmp_path, capsys):
    words = ["search", "--trainer", f"{TARGETS}:configured", "--studies", str(tmp_path / "studies")]
    assert main([*words, "--trials", "3"]) == 2
    said = capsys.readouterr().err
    assert "a study of 3 trials needs a space to search, or configurations" in said
    assert "--space 'x=uniform(0,1)'" in said
    assert not (tmp_path / "studies").exists()


def test_a_scheduler_ends_trials_early(tmp_path):
    done = search(
        tmp_path, "curve", *("--scheduler", "asha", "--max-step", "9", "--trials", "8"), algorithm="random"
    )
    assert done.returncode == 0, done.stderr
    states = [trial.state for trial in trials(tmp_path)]
    assert "stopped" in states
    assert "finished" in states
    stopped = next(trial for trial in trials(tmp_path) if trial.state == "stopped")
    assert stopped.reason
    assert stopped.runs[0].step < 9


def test_points_are_tried_first_and_earlier_studies_are_known(tmp_path):
    assert search(tmp_path, "objective", name="earlier").returncode == 0
    done = search(
        tmp_path,
        "objective",
        *("--trials", "2", "points_to_evaluate=[{x: 0.25}]", "warm_start=[earlier]"),
        algorithm="random",
    )
    assert done.returncode == 0, done.stderr
    assert trials(tmp_path)[0].parameters == {"x": 0.25}
