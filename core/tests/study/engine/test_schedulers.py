"""What schedulers decide is carried out: pauses, promotions, copies of other trials' checkpoints."""

import pytest
from core.tests.study.engine.studies import reports, search, trials


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


def test_a_population_copies_its_best_members(tmp_path):
    words = ("--scheduler", "pbt", "--max-step", "8", "--trials", "4", "--jobs", "2", "scheduler.interval=2")
    done = search(tmp_path, "Climber", *words, algorithm="random")
    assert done.returncode == 0, done.stderr
    copies = [trial for trial in trials(tmp_path) if trial.parent is not None]
    assert copies
    assert all(len(climbed(tmp_path, trial.number)) == 8 for trial in trials(tmp_path))
