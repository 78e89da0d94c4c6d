"""What a follower of a study keeps in memory, and when it takes a run up."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from mlkernel.cli.main import main
from mlkernel.records.metrics import read_metrics
from mlkernel.study.store.study_store import NewTrialRecord
from mlkernel.study.study_directory import StudyDirectory
from mlkernel.tracker import study_work
from mlkernel.tracker.run_work import Starter
from mlkernel.tracker.study_work import StudyWork
from mlkernel.tracker.tracking_file import TrackerChoice, TrackingFile

from .trackers import RECEIVED, Counts, received

TRIALS, REPORTS = 12, 40
TRACKERS = f"{__package__}.trackers"


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study whose runs report in turn."""
    monkeypatch.setenv(RECEIVED, str(tmp_path / "received"))
    directory = StudyDirectory(tmp_path / "valley")
    store = directory.create()
    store.create("valley", {"objectives": [{"metric": "loss", "mode": "min"}], "trainer": "f"})
    yield directory, store
    store.close()


def add_trials(store, count):
    new = NewTrialRecord(parameters={"x": 1}, runs=((0, None),))
    return [trial.number for trial in store.add_trials("valley", "me", lambda _: [new] * count)]


def begin(store, trial):
    store.start_run("valley", trial, 0, driver="me", directory=f"runs/{trial:06d}-0", until=None)


def report(store, trial, steps):
    for step in steps:
        store.report("valley", trial, 0, step=step, values=[float(step)], metrics={})


def end(store, trial, value):
    store.end_run("valley", trial, 0, "finished", values=[value])
    store.set_trial("valley", trial, "finished", values=[value])


def follower(directory, tracker):
    file = TrackingFile(directory.path, tracker)
    file.begin(TrackerChoice(reference=f"{TRACKERS}:{tracker}"))
    return StudyWork(file, Starter(), nullcontext())


def steps_of(tmp_path, trial):
    return [one["step"] for one in received(tmp_path / "received", f"{trial:06d}-0")]


@pytest.mark.parametrize("tracker", ["Trusts", "Rewrites"])
def test_what_has_no_room_is_read_again(study, tmp_path, monkeypatch, tracker):
    directory, store = study
    monkeypatch.setattr(study_work, "HELD", 7)
    monkeypatch.setattr(study_work, "TRIALS_AT_ONCE", 5)
    trials = add_trials(store, TRIALS)
    for trial in trials:
        begin(store, trial)
    work = follower(directory, tracker)
    for first in range(0, REPORTS, 10):
        for step in range(first, first + 10):
            for trial in trials:
                report(store, trial, [step])
        work.step()
    for trial in trials[1:]:
        end(store, trial, float(trial))
    work.step()
    report(store, 0, [REPORTS])
    end(store, 0, 0.0)
    work.step()
    work.close()
    assert steps_of(tmp_path, 0) == list(range(REPORTS + 1))
    assert all(steps_of(tmp_path, trial) == list(range(REPORTS)) for trial in trials[1:])
    assert [one["step"] for one in received(tmp_path / "received", "valley")] == [*trials[1:], 0]


@pytest.mark.parametrize("tracker", ["Trusts", "Rewrites"])
def test_a_run_that_goes_on_after_it_was_sent(study, tmp_path, tracker):
    directory, store = study
    add_trials(store, 2)
    work = follower(directory, tracker)
    begin(store, 0)
    report(store, 0, range(3))
    store.end_run("valley", 0, 0, "paused", values=[2.0])
    store.pause("valley", 0, step=2.0, values=[2.0])
    work.step()
    begin(store, 1)
    report(store, 1, range(2))
    begin(store, 0)
    report(store, 0, range(3, 5))
    end(store, 0, 4.0)
    work.step()
    work.close()
    assert steps_of(tmp_path, 0) == list(range(5))


def test_few_records_are_in_memory(study, tmp_path, monkeypatch):
    directory, store = study
    monkeypatch.setattr(study_work, "HELD", 20)
    monkeypatch.setattr(study_work, "TRIALS_AT_ONCE", 5)
    for trial in add_trials(store, TRIALS):
        begin(store, trial)
        report(store, trial, range(REPORTS))
        end(store, trial, 1.0)
    work = follower(directory, "Counts")
    work.step()
    work.close()
    assert steps_of(tmp_path, TRIALS - 1) == list(range(REPORTS))
    assert 0 < Counts.most <= 20 + REPORTS


def test_a_trainer_is_followed_as_soon_as_its_folder_is_there(study, tmp_path, monkeypatch):
    directory, store = study
    monkeypatch.setenv("MLKERNEL_RUNS", str(tmp_path / "elsewhere"))
    trainer = "mlkernel.testing.tiny_trainer:TinyTrainer"
    assert main(["run", "--trainer", trainer]) == 0
    (made,) = (path for path in (tmp_path / "elsewhere").iterdir() if path.is_dir())
    add_trials(store, 1)
    work = follower(directory, "Trusts")
    work.step()
    begin(store, 0)
    work.step()
    directory.runs.mkdir(exist_ok=True)
    made.rename(directory.run(0, 0))
    work.step()
    logged = [one.iteration for one in read_metrics(directory.run(0, 0))]
    assert logged
    assert steps_of(tmp_path, 0) == logged
    work.close()
