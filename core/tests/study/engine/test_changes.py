"""Studies that are changed in the middle, by their live driver or between two."""

from core.tests.study.engine.studies import command, search, start_search, trials, wait_for

RESUME = ("study", "resume", "study")
EXTEND = ("study", "extend", "study")


def running(cwd):
    return sum(run.state == "running" for trial in trials(cwd) for run in trial.runs)


def test_a_live_driver_takes_over_jobs_trials_and_algorithm(tmp_path):
    driver = start_search(tmp_path, "waits", "--trials", "1", algorithm="random")
    study = tmp_path / "studies" / "study"
    wait_for((study / "begun").exists)
    changed = command(*EXTEND, "--trials", "4", "--jobs", "2", "--algorithm", "grid", cwd=tmp_path)
    assert changed.returncode == 0, changed.stderr
    assert {"trials: 1 -> 4", "jobs: 1 -> 2"} < set(changed.stdout.splitlines())
    wait_for(lambda: running(tmp_path) == 2)
    (study / "go").touch()
    _, said = driver.communicate(timeout=120)
    assert driver.returncode == 0, said
    assert "the study was changed: revision 1" in said
    assert [trial.parameters["x"] for trial in trials(tmp_path)[1:]] == [-1.0, -0.5, 0.0]


def test_a_finished_study_goes_on_with_other_bounds_and_knows_what_it_knew(tmp_path):
    assert search(tmp_path, "objective", "--trials", "12", algorithm="tpe").returncode == 0
    before = trials(tmp_path)
    changed = command(*EXTEND, "--trials", "14", "--space", "x=uniform(0.2,0.4)", cwd=tmp_path)
    assert changed.returncode == 0, changed.stderr
    assert "go on with: kernel study resume study" in changed.stdout
    assert command(*RESUME, cwd=tmp_path).returncode == 0
    after = trials(tmp_path)
    assert after[:12] == before
    assert len(after) == 14
    assert all(0.2 <= trial.parameters["x"] <= 0.4 for trial in after[12:])


def test_more_trials_are_another_population(tmp_path):
    words = ("--scheduler", "pbt", "--max-step", "4", "--trials", "3", "scheduler.interval=2")
    assert search(tmp_path, "Climber", *words, algorithm="random").returncode == 0
    before = trials(tmp_path)
    assert command(*EXTEND, "--trials", "6", cwd=tmp_path).returncode == 0
    done = command(*RESUME, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    after = trials(tmp_path)
    assert after[:3] == before
    assert [trial.state for trial in after] == ["finished"] * 6
    assert all(trial.parent in (None, 3, 4, 5) for trial in after[3:])
    assert any(trial.parent is not None for trial in after[3:])


def test_what_trials_are_compared_by_does_not_change(tmp_path):
    assert search(tmp_path, "objective", "--trials", "1").returncode == 0
    for change in ("scheduler=median", "seeds=3", "max_step=9", "objectives=[{metric: seen}]", "metric=seen"):
        done = command(*EXTEND, change, cwd=tmp_path)
        assert done.returncode == 2, change
        assert "cannot change" in done.stderr
    wrong = command(*EXTEND, "--algorithm", "tqe", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "did you mean 'tpe'" in wrong.stderr
    beside = command(*EXTEND, "--space", "y=uniform(0,1)", cwd=tmp_path)
    assert "no parameter of the study" in beside.stderr


def test_new_dimensions_are_read_from_files_and_keep_their_conditions(tmp_path):
    space = ("--space", "kind=[a, b]", "--space", "y=uniform(0,1) when kind=b")
    assert search(tmp_path, "objective", *space, "--trials", "1", algorithm="random").returncode == 0
    (tmp_path / "narrower.toml").write_text(
        'constraints = ["x < 0"]\n[y]\nmethod = "fixed"\nvalue = 2\n[x]\n'
        'method = "uniform"\nlow = -1\nhigh = 1\n'
    )
    changed = command(*EXTEND, "--space", "narrower.toml", "--trials", "9", cwd=tmp_path)
    assert changed.returncode == 0, changed.stderr
    assert command(*RESUME, cwd=tmp_path).returncode == 0
    added = [trial.parameters for trial in trials(tmp_path)[1:]]
    assert all(point["x"] < 0 for point in added)
    assert {(point["kind"], point.get("y")) for point in added} == {("a", None), ("b", 2)}
