"""A study that is exported as JSON and imported again is the same study."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from attrs import evolve

from mlkernel.errors import UsageError
from mlkernel.study.exports import export_study, import_study
from mlkernel.study.store.opening import open_store
from mlkernel.study.store.records import TrialRecord
from mlkernel.study.store.sql_store import SqlStore


def elsewhere(trial: TrialRecord) -> TrialRecord:
    runs = tuple(
        evolve(run, driver=None, handle=None, state="waiting" if run.state == "running" else run.state)
        for run in trial.runs
    )
    return evolve(trial, runs=runs, state="waiting" if trial.state == "running" else trial.state)


def test_an_imported_study_is_the_one_that_was_exported(store: SqlStore, tmp_path: Path) -> None:
    export_study(store, "demo", tmp_path / "demo.json")
    with closing(open_store(tmp_path / "other.sqlite")) as other:
        import_study(other, tmp_path / "demo.json", "copy")
        assert other.study("copy") == evolve(store.study("demo"), name="copy")
        assert other.revisions("copy") == [{"trials": 3}]
        # NaN equals nothing, not even itself; its representation does.
        assert repr(list(other.trials("copy"))) == repr([elsewhere(trial) for trial in store.trials("demo")])
        assert repr(list(other.reports("copy"))) == repr(list(store.reports("demo")))
        assert other.pauses("copy") == store.pauses("demo") != []
        assert other.counts("copy") == {"finished": 1, "failed": 1, "stopped": 1, "waiting": 1}
        assert [trial.number for trial in other.ends("copy")] == [2, 0, 1]


def test_the_document_is_strict_json(store: SqlStore, tmp_path: Path) -> None:
    export_study(store, "demo", tmp_path / "demo.json")

    def refuse(word: str) -> None:
        pytest.fail(word)

    document = json.loads((tmp_path / "demo.json").read_text(), parse_constant=refuse)
    assert document["trials"][0]["parameters"]["trainer.lr"] == 0.01


def test_an_import_does_not_replace_a_study(store: SqlStore, tmp_path: Path) -> None:
    export_study(store, "demo", tmp_path / "demo.json")
    with pytest.raises(UsageError, match="there is a study 'demo'"):
        import_study(store, tmp_path / "demo.json")


def damaged(document: dict) -> dict[str, dict]:
    trials = document["trials"]
    return {
        "no JSON": None,
        "is no exported study": {"trials": trials},
        "has version 7": {**document, "version": 7},
        r"trials\[0\]": {**document, "trials": [{"number": "first"}]},
        "not numbered from 0": {**document, "trials": [*trials, trials[0]]},
        "report of trial 9": {**document, "reports": [{**document["reports"][0], "trial": 9}]},
    }


@pytest.mark.parametrize("said", list(damaged({"trials": [None], "reports": [{}]})))
def test_a_damaged_document_is_refused_and_nothing_is_imported(
    store: SqlStore, tmp_path: Path, said: str
) -> None:
    path = tmp_path / "demo.json"
    export_study(store, "demo", path)
    content = damaged(json.loads(path.read_text()))[said]
    path.write_text("{" if content is None else json.dumps(content))
    with pytest.raises(UsageError, match=said):
        import_study(store, path, "copy")
    assert [study.name for study in store.studies()] == ["demo"]


def test_a_file_that_does_not_exist_is_said(store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        import_study(store, tmp_path / "nowhere.json")
