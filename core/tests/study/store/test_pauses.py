"""What trials are worth when they pause, and how often their runs failed, is kept in every store."""

from __future__ import annotations

from mlkernel.study.store.records import PauseRecord
from mlkernel.study.store.sql_store import SqlStore
from mlkernel.study.store.study_store import NewTrialRecord


def begun(store: SqlStore, trials: int) -> None:
    store.create("s", {})
    new = [NewTrialRecord(parameters={"x": place}, runs=((0, None),), until=1) for place in range(trials)]
    store.add_trials("s", "me", lambda first: new)


def start(store: SqlStore, trial: int) -> None:
    store.start_run("s", trial, 0, driver="me", directory="runs/0", until=1)


def test_pauses_and_ends_have_one_order(store: SqlStore) -> None:
    begun(store, 3)
    assert store.pause("s", 1, step=1, values=[0.5]).sequence == 0
    assert (store.trial("s", 1).state, store.trial("s", 1).sequence) == ("paused", None)
    store.set_trial("s", 0, "finished", values=[0.1])
    store.set_trial("s", 1, "waiting", until=3, parameters={"x": 9})
    store.pause("s", 1, step=3, values=[0.25])
    store.set_trial("s", 2, "failed")
    assert store.pauses("s") == [
        PauseRecord(sequence=0, trial=1, step=1, parameters={"x": 1}, values=(0.5,)),
        PauseRecord(sequence=2, trial=1, step=3, parameters={"x": 9}, values=(0.25,)),
    ]
    assert [(trial.number, trial.sequence) for trial in store.ends("s")] == [(0, 1), (2, 3)]
    assert store.pauses("s", after=0) == store.pauses("s")[1:]
    assert store.counts("s") == {"paused": 1, "finished": 1, "failed": 1}


def test_the_source_of_a_copy_is_known_until_the_next_pause(store: SqlStore) -> None:
    begun(store, 2)
    store.pause("s", 1, step=1, values=[0.5])
    store.set_trial("s", 1, "waiting", until=2, parent=0)
    assert store.trial("s", 1).source == 0
    start(store, 1)
    assert store.trial("s", 1).source == 0
    store.pause("s", 1, step=2, values=[0.5])
    assert (store.trial("s", 1).source, store.trial("s", 1).parent) == (None, 0)


def test_a_deleted_study_leaves_no_pauses(store: SqlStore) -> None:
    begun(store, 1)
    store.pause("s", 0, step=1, values=[0.5])
    store.delete("s")
    store.create("s", {})
    assert store.pauses("s") == []


def test_failures_are_counted_and_what_is_handed_back_without_a_fault_is_none(store: SqlStore) -> None:
    begun(store, 1)
    for error in ("it raised", None, "its worker was lost"):
        start(store, 0)
        store.end_run("s", 0, 0, "waiting", error=error)
    start(store, 0)
    store.leave("s", "me")
    (run,) = store.trial("s", 0).runs
    assert (run.attempt, run.failures) == (4, 2)
