"""CPU time of what a study keeps of a trial and of a report: ``python benchmarks/search/store_cost.py``."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mlkernel.study.store.opening import open_store
from mlkernel.study.store.records import RunRecord
from mlkernel.study.store.sql_store import SqlStore
from mlkernel.study.store.study_store import NewTrialRecord

POINT = {"trainer.lr": 0.01, "trainer.layers": 3, "trainer.activation": "relu"}
ROUNDS = 9


def ask(store: SqlStore) -> RunRecord:
    """Add a trial and take its run."""
    new = NewTrialRecord(parameters=POINT, runs=((0, None),))
    return store.add_trials("s", "me", lambda _first: [new], start_in="runs/{:06d}-0".format)[0].runs[0]


def report(store: SqlStore, run: RunRecord, step: int) -> None:
    """Keep a report of two values."""
    store.report("s", run.trial, 0, step=step, values=[0.5], metrics={"accuracy": 0.1}, attempt=run.attempt)


def whole_trial(store: SqlStore, run: RunRecord) -> RunRecord:
    """Keep a report and, in one transaction, the end of a trial and the next one."""
    report(store, run, 1)
    with store.together("s"):
        store.end_run("s", run.trial, 0, "finished", values=[0.5], attempt=run.attempt)
        store.set_trial("s", run.trial, "finished", values=[0.5])
        return ask(store)


def microseconds(repeated: Callable[[], None], times: int) -> float:
    """CPU time of *repeated*, divided by how many *times* it does what is measured."""
    start = time.process_time()
    repeated()
    return (time.process_time() - start) / times * 1e6


def main() -> None:
    """Print the medians of some rounds, which take turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", help="URL of an empty database; a temporary file unless given")
    parser.add_argument("--times", type=int, default=1000)
    arguments = parser.parse_args()
    times = arguments.times
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(arguments.store or Path(folder) / "study.sqlite")
        store.create("s", {})
        run = long_run = ask(store)

        def trials() -> None:
            nonlocal run
            for _ in range(times):
                run = whole_trial(store, run)

        def reports(first: int) -> None:
            for step in range(first, first + times):
                report(store, long_run, step)

        run = ask(store)
        costs = [
            (microseconds(trials, times), microseconds(lambda: reports(number * times + 1), times))  # noqa: B023
            for number in range(ROUNDS)
        ]
        store.close()
    trial, reported = (statistics.median(column) for column in zip(*costs, strict=True))
    print("| what is kept | CPU, µs |\n|---|---|")
    print(f"| a trial with one report | {trial:.0f} |\n| a report | {reported:.0f} |")


if __name__ == "__main__":
    main()
