"""Search algorithms hear of trials that pause, and of the same ones in the same order after a resume."""

import pytest
from core.tests.study.engine.studies import search

from mlkernel.study.engine.study_problem import make_problem
from mlkernel.study.engine.study_settings import plain_study, stored_config
from mlkernel.study.engine.study_state import StudyState
from mlkernel.study.store.opening import open_store
from mlkernel.study.store.study_store import NewTrialRecord
from mlkernel.study.study_config import StudyConfig
from mlkernel.study.study_directory import StudyDirectory

CONFIG = StudyConfig(trainer="demo", space={"x": "uniform(0,1)"}, trials=2, max_step=9)


def rebuilt(cwd):
    """What a driver that starts now would know."""
    store = StudyDirectory(cwd / "studies" / "study").open()
    try:
        config = stored_config(store.study("study"))
        state = StudyState(config, make_problem(config))
        state.read(store, "study")
        return state, list(store.reports("study"))
    finally:
        store.close()


def test_each_rung_of_a_trial_is_an_observation(tmp_path):
    words = ("--scheduler", "hyperband", "--max-step", "9", "--trials", "6")
    done = search(tmp_path, "Climber", *words, algorithm="random")
    assert done.returncode == 0, done.stderr
    state, reports = rebuilt(tmp_path)
    partial = [one for one in state.history if one.budget is not None]
    values = {(report.trial, report.step): report.values for report in reports}
    assert [one.values for one in partial] == [values[one.number, one.budget] for one in partial]
    rungs = [one.budget for one in partial if one.number == 0]
    assert rungs == sorted(rungs)
    assert any(len({one.budget for one in partial if one.number == number}) > 1 for number in range(6))


@pytest.fixture
def store(tmp_path):
    """Two trials of which the first one rests at step 1."""
    opened = open_store(tmp_path / "study.sqlite")
    opened.create("study", plain_study(CONFIG))
    new = [NewTrialRecord(parameters={"x": place}, runs=((0, None),), until=1) for place in (0, 1)]
    opened.add_trials("study", "me", lambda first: new)
    train(opened, 0, step=1)
    yield opened
    opened.close()


def train(store, trial, step):
    store.start_run("study", trial, 0, driver="me", directory="runs/0", until=step)
    store.report("study", trial, 0, step=step, values=[0.5], metrics={})
    store.end_run("study", trial, 0, "paused")
    store.pause("study", trial, step=step, values=[0.5])


def state_of(store):
    state = StudyState(CONFIG, make_problem(CONFIG))
    state.read(store, "study")
    return state


def test_what_rests_is_known_and_not_under_way(store):
    state = state_of(store)
    assert [(one.number, one.budget, one.values) for one in state.history] == [(0, 1, (0.5,))]
    assert [trial.number for trial in state.pending()] == [1]
    train(store, 1, step=1)
    store.set_trial("study", 0, "stopped", values=[0.5])
    train(store, 1, step=3)
    state.read(store, "study")
    state.read(store, "study")
    order = [(one.number, one.budget) for one in state.history]
    assert order == [(0, 1), (1, 1), (0, 1), (1, 3)]
    assert [(one.number, one.budget) for one in state_of(store).history] == order


def test_what_this_driver_wrote_is_not_learnt_twice(store):
    state = state_of(store)
    store.set_trial("study", 0, "waiting", until=3)
    state.pause(store.pause("study", 0, step=3, values=[0.25]))
    store.set_trial("study", 0, "stopped", values=[0.25])
    state.end(store.trial("study", 0))
    known = [(one.number, one.budget) for one in state.history]
    state.read(store, "study")
    assert [(one.number, one.budget) for one in state.history] == known == [(0, 1), (0, 3), (0, 1)]


def test_a_promotion_that_a_dying_driver_had_not_begun_is_carried_out(store):
    assert [run.name for run in state_of(store).waiting_runs()] == ["000001-0"]
    store.set_trial("study", 0, "waiting", until=3, parent=1)
    first, _ = state_of(store).waiting_runs()
    assert (first.name, first.source) == ("000000-0", 1)
    store.start_run("study", 0, 0, driver="me", directory="runs/0", until=3)
    store.leave("study", "me")
    first, _ = state_of(store).waiting_runs()
    assert first.source == 1
    store.start_run("study", 0, 0, driver="me", directory="runs/0", until=3)
    store.report("study", 0, 0, step=2, values=[0.25], metrics={})
    store.leave("study", "me")
    first, _ = state_of(store).waiting_runs()
    assert first.source is None
