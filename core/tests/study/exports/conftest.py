"""A study with a bit of everything."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlkernel.study.store.opening import open_store
from mlkernel.study.store.sql_store import SqlStore
from mlkernel.study.store.study_store import NewTrialRecord

CONFIGURATION = {
    "trainer": "demo",
    "objectives": [{"metric": "loss", "mode": "min"}, {"metric": "accuracy", "mode": "max"}],
    "space": {
        "trainer.lr": {"method": "loguniform", "low": 1e-5, "high": 0.1},
        "trainer.layers": {"method": "uniformint", "low": 1, "high": 4},
        "trainer.widths": {"method": "categorical", "values": [[8], [8, 8]]},
    },
}
POINTS = [
    {"trainer.lr": 0.01, "trainer.layers": 2, "trainer.widths": [8, 8]},
    {"trainer.lr": 0.5, "trainer.layers": 1},
    {"trainer.lr": 0.001, "trainer.layers": 4, "trainer.widths": [8]},
    {"trainer.lr": 0.002, "trainer.layers": 3, "trainer.widths": [8]},
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """The study ``demo``: a trial that finished, one that failed, one that was stopped, and one that runs."""
    opened = open_store(tmp_path / "study.sqlite")
    opened.create("demo", {"trials": 3})
    opened.revise("demo", CONFIGURATION)
    runs = ((2**64 - 1, 0), (8, 1))
    opened.add_trials(
        "demo", "me", lambda _first: [NewTrialRecord(parameters=point, runs=runs) for point in POINTS]
    )
    for trial in range(4):
        for place in (0, 1):
            opened.start_run("demo", trial, place, driver="me", directory=f"runs/{trial}-{place}", until=27)
    for step in (1, 2):
        for place in (0, 1):
            values = [1 / step + place, step / 10]
            opened.report(
                "demo", 0, place, step=step, values=values, metrics={"time": math.inf, "odd": math.nan}
            )
    opened.report("demo", 2, 0, step=0.5, values=[3.0, 0.1], metrics={})
    for place in (0, 1):
        opened.end_run("demo", 0, place, "finished", values=[0.5 + place, 0.2])
        opened.end_run("demo", 1, place, "failed", error="out of memory, at 3 o'clock")
        opened.end_run("demo", 2, place, "stopped", values=[3.0, 0.1])
    opened.pause("demo", 2, step=0.5, values=[3.5, 0.1])
    opened.set_trial("demo", 2, "stopped", values=[3.0, 0.1], reason="rung 1")
    opened.set_trial("demo", 0, "finished", values=[1.0, 0.2])
    opened.set_trial("demo", 1, "failed", reason='out of "memory"\nat once')
    yield opened
    opened.close()
