"""What schedulers decide is carried out: pauses, promotions, copies of other trials' checkpoints."""

import pytest
from core.tests.study.engine.studies import SPACE, TARGETS, command, reports, search, trials

from mlkernel.study.study_directory import StudyDirectory


def climbed(cwd, number):
    return [(step, value) for trial, _, step, (value,) in reports(cwd) if trial == number]


@pytest.mark.parametrize("scheduler", ["asha", "hyperband"])
def test_trials_that_were_paused_go_on_from_their_checkpoints(tmp_path, scheduler):
    options = ["scheduler.form=promote"] if scheduler == "asha" else []
    words = ("--scheduler", scheduler, *options, "--max-step", "9", "--trials", "6")
    done = search(tmp_path, "Climber", *words, algorithm="random")
    assert done.returncode == 0, done.stderr
    ended = trials(tmp_path)
    assert {trial.state for trial in ended} <= {"stopped", "finished"}
    promoted = [trial for trial in ended if trial.runs[0].attempt > 1]
    assert promoted
    for trial in promoted:
        steps = climbed(tmp_path, trial.number)
        assert [step for step, _ in steps] == list(range(1, len(steps) + 1))
        assert [value for _, value in steps] == pytest.approx(
            [-trial.parameters["x"] * step for step, _ in steps]
        )


def test_what_a_function_returns_is_judged_though_it_has_ended(tmp_path):
    words = ("--scheduler", "asha", "--max-step", "9", "--trials", "8", "--jobs", "1", "scheduler.min_step=1")
    done = search(tmp_path, "objective", *words, algorithm="random")
    assert done.returncode == 0, done.stderr
    ended = trials(tmp_path)
    losses = [trial.values[0] for trial in ended]
    best = [min(losses[: place + 1]) == loss for place, loss in enumerate(losses)]
    assert {trial.state for trial, is_best in zip(ended, best, strict=True) if is_best} == {"finished"}
    assert ended[1 + best[1:].index(False)].state == "stopped"


@pytest.mark.parametrize("synchronous", ["true", "false"])
def test_a_population_copies_its_best_members(tmp_path, synchronous):
    words = ("--scheduler", "pbt", "--max-step", "8", "--trials", "4", "--jobs", "2", "scheduler.interval=2")
    done = search(tmp_path, "Climber", *words, f"scheduler.synchronous={synchronous}", algorithm="random")
    assert done.returncode == 0, done.stderr
    copies = [trial for trial in trials(tmp_path) if trial.parent is not None]
    assert copies
    assert all(len(climbed(tmp_path, trial.number)) == 8 for trial in trials(tmp_path))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_all_seeds_of_a_trial_are_trained_up_to_its_step_and_rest_together(tmp_path, jobs):
    words = ("--scheduler", "successive-halving", "--max-step", "4", "--trials", "4", "--seeds", "2")
    done = search(tmp_path, "curve", *words, "--jobs", jobs, "scheduler.trials=4", algorithm="random")
    assert done.returncode == 0, done.stderr
    for trial in trials(tmp_path):
        assert len({run.step for run in trial.runs}) == 1, "one seed was trained further than the other"
    store = StudyDirectory(tmp_path / "studies" / "study").open()
    rests = [(pause.trial, pause.step) for pause in store.pauses("study")]
    store.close()
    assert len(set(rests)) == len(rests), "a trial rested with its first seed"


DEAF = ("--launcher", f"{TARGETS.with_name('deaf_launcher.py')}:Deaf")


@pytest.mark.parametrize("words", [("--jobs", "1"), ("--jobs", "3"), DEAF], ids=["one", "three", "jobs"])
def test_all_seeds_come_to_the_end_of_a_bracket(tmp_path, words):
    bracket = ("--scheduler", "successive-halving", "scheduler.trials=2", "--trials", "2", "--seeds", "3")
    done = search(tmp_path, "Climber", *bracket, *words, algorithm="random")
    assert done.returncode == 0, done.stderr
    best = max(trials(tmp_path), key=lambda trial: trial.parameters["x"])
    assert (best.state, best.reason) == ("stopped", "trained to the end of its bracket")
    assert [(run.state, run.step) for run in best.runs] == [("stopped", 2.0)] * 3
    assert best.values == pytest.approx((-2 * best.parameters["x"],))


@pytest.mark.parametrize("target", ["curve", "budgeted", "Forgetful"])
def test_what_has_no_checkpoints_is_trained_anew_up_to_the_next_step(tmp_path, target):
    words = ("--scheduler", "hyperband", "--max-step", "9", "--trials", "6")
    done = search(tmp_path, target, *words, algorithm="random")
    assert done.returncode == 0, done.stderr
    assert "is trained anew, up to its next step" in done.stderr
    ended = trials(tmp_path)
    promoted = [trial for trial in ended if trial.runs[0].attempt > 1]
    assert promoted
    for trial in promoted:
        x, steps = trial.parameters["x"], climbed(tmp_path, trial.number)
        expected = [x + 1 / step if target == "curve" else -x * step for step, _ in steps]
        assert [value for _, value in steps] == pytest.approx(expected)
        numbers = [step for step, _ in steps]
        assert numbers == sorted(set(numbers))
        assert (numbers == [1, 3, 9][: len(numbers)]) == (target == "budgeted")
    assert any(trial.runs[0].step == 9 and trial.state == "finished" for trial in ended)


SCRIPT = """
import json, os
config = json.load(open(os.environ["MLKERNEL_TRIAL_CONFIG"]))
for step in range(1, 1 + int(os.environ["MLKERNEL_TRIAL_MAX_STEP"])):
    print(json.dumps({"step": step, "loss": config["x"] + 1 / step}), flush=True)
"""


def test_a_script_is_called_again_and_told_how_far_to_train(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    words = ("--scheduler", "asha", "scheduler.form=promote", "--max-step", "9", "--trials", "4")
    asked = ("--trainer", "./train.py", "--space", SPACE, "--name", "study", "--algorithm", "random")
    done = command("search", *asked, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "is trained anew" in done.stderr
    furthest = max(trials(tmp_path), key=lambda trial: trial.runs[0].step)
    x = furthest.parameters["x"]
    assert climbed(tmp_path, furthest.number) == [
        (step, pytest.approx(x + 1 / step)) for step in range(1, 10)
    ]


def test_a_function_goes_on_from_the_files_of_another_run(tmp_path):
    words = ("--scheduler", "pbt", "--max-step", "6", "--trials", "4", "scheduler.interval=2")
    done = search(tmp_path, "copying", *words, algorithm="random")
    assert done.returncode == 0, done.stderr
    copy = next(trial for trial in trials(tmp_path) if trial.parent is not None)
    steps = dict(climbed(tmp_path, copy.number))
    assert list(steps) == [1, 2, 3, 4, 5, 6]
    assert steps[2] - steps[1] != pytest.approx(steps[6] - steps[5])


@pytest.mark.parametrize(
    ("target", "scheduler", "words"),
    [
        ("objective", "hyperband", "only tells how it ended"),
        ("curve", "pbt", "functions with a parameter source"),
        ("Forgetful", "pbt", "classes with save_checkpoint and load_checkpoint"),
    ],
)
def test_what_a_scheduler_cannot_train_is_refused_with_what_it_can(tmp_path, target, scheduler, words):
    done = search(
        tmp_path,
        target,
        *("--scheduler", scheduler, "--max-step", "9", "--trials", "4"),
        algorithm="random",
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "studies").exists()
