"""A driver for stress tests: adds trials, runs them, and takes over runs of drivers that died.

Its arguments: location of the store, its name, number of trials of the study, reports of each.
"""

from __future__ import annotations

import sys

from mlkernel.study.store.opening import open_store
from mlkernel.study.store.records import DriverRecord, RunRecord
from mlkernel.study.store.sql_store import SqlStore
from mlkernel.study.store.study_store import NewTrialRecord

location, me, trials, reports = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


def one_more(first: int) -> list[NewTrialRecord]:
    return [NewTrialRecord(parameters={"x": first}, runs=((first, None),))] if first < trials else []


def take(store: SqlStore) -> RunRecord | None:
    for trial in store.trials("s"):
        if trial.state == "waiting":
            run = store.start_run("s", trial.number, 0, driver=me, directory=me, until=None)
            if run is not None:
                return run
    return None


def train(store: SqlStore, run: RunRecord) -> None:
    for step in range(1, reports + 1):
        store.report(
            "s", run.trial, 0, step=step, values=[run.trial + step / 100], metrics={}, attempt=run.attempt
        )
    result = [run.trial + reports / 100]
    with store.together("s"):
        if store.end_run("s", run.trial, 0, "finished", values=result, attempt=run.attempt):
            store.set_trial("s", run.trial, "finished", values=result)


def main() -> None:
    store = open_store(location)
    store.beat("s", DriverRecord(name=me, host="host", pid=0, heartbeat=0))
    while True:
        added = store.add_trials("s", me, one_more, start_in="runs/{}".format)
        run = added[0].runs[0] if added else take(store)
        if run is None:
            break
        train(store, run)
    store.leave("s", me)


main()
