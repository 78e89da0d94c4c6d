"""Two drivers with folders of their own on one study in PostgreSQL."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from core.tests.study.engine.studies import search_words, start
from core.tests.study.store.postgres_server import missing, postgres_server, url

from mlkernel.study.store.opening import open_store


@pytest.fixture
def database() -> Iterator[str]:
    """A server of its own; skipped where Debian's package is not installed."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with postgres_server() as folder:
        yield url(folder)


@pytest.mark.skipif(os.name != "posix", reason="PostgreSQL is started as Debian has it")
def test_both_do_a_part_and_no_trial_is_done_twice(tmp_path: Path, database: str):
    words = search_words("steps", "--trials", "12", "--store", database, algorithm="random")
    drivers = [start(*words, "--studies", str(tmp_path / name), cwd=tmp_path) for name in ("one", "two")]
    said = [driver.communicate(timeout=120)[1] for driver in drivers]
    assert [driver.returncode for driver in drivers] == [0, 0], said
    store = open_store(database)
    try:
        trials = list(store.trials("study"))
        reports = [(one.trial, one.step) for one in store.reports("study")]
    finally:
        store.close()
    assert [trial.number for trial in trials] == list(range(12))
    assert [(trial.state, trial.runs[0].attempt) for trial in trials] == [("finished", 1)] * 12
    assert len({trial.parameters["x"] for trial in trials}) == 12
    assert sorted(reports) == [(trial, step) for trial in range(12) for step in range(1, 6)]
    began = [len(list((tmp_path / name / "study").glob("runs/*"))) for name in ("one", "two")]
    assert sum(began) == 12  # the first one may have done them all before the second one came
