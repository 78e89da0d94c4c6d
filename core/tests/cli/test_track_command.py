"""``kernel track``: which run or study is meant, and where it goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlkernel.cli.main import main
from mlkernel.study.study_directory import StudyDirectory
from mlkernel.testing import run_in_process

TRACKER = f"{Path(__file__).parents[1] / 'testing' / 'test_tracker_checks.py'}:Sound"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder):
    return run_in_process(
        "mlkernel.testing.tiny_trainer:TinyTrainer", ["run.name=tiny"], runs=folder / "runs"
    ).directory


def test_a_run_is_sent_and_said_where(run, capsys):
    assert main(["track", "tiny", "--tracker", TRACKER]) == 0
    assert capsys.readouterr().out == f"Sound: sent to path {run / 'received'}\n"
    assert len((run / "received").read_text().splitlines()) == 7
    state = json.loads((run / "trackers" / "Sound.json").read_text())
    assert state["position"]["size"] == (run / "metrics.jsonl").stat().st_size


def test_it_goes_where_it_was_sent_before(run, capsys):
    assert main(["track", "latest"]) == 2
    assert "was not sent anywhere yet" in capsys.readouterr().err
    assert main(["track", "latest", "--tracker", TRACKER]) == 0
    assert main(["track", "latest"]) == 0
    assert len((run / "received").read_text().splitlines()) == 7


def test_nothing_of_that_name(folder, capsys):
    assert main(["track", "tiny", "--tracker", TRACKER]) == 2
    assert "no run 'tiny' in runs, and no such study in studies" in capsys.readouterr().err


def test_a_run_and_a_study_of_one_name(run, folder, capsys):
    StudyDirectory(folder / "studies" / "tiny").create().close()
    assert main(["track", "tiny", "--tracker", TRACKER]) == 2
    assert "'tiny' is a run and a study" in capsys.readouterr().err
    assert main(["track", str(run), "--tracker", TRACKER]) == 0


def test_a_tracker_that_fails_is_told_at_once(run, capsys):
    (run / "received").mkdir()
    assert main(["track", "tiny", "--tracker", TRACKER]) == 1
    said = capsys.readouterr().err
    assert "Sound: IsADirectoryError" in said
    assert "not everything could be sent to Sound" in said


def test_a_damaged_note_is_told(run, capsys):
    assert main(["track", "tiny", "--tracker", TRACKER]) == 0
    (run / "trackers" / "Sound.json").write_text("{")
    assert main(["track", "tiny"]) == 2
    assert "Sound.json cannot be read" in capsys.readouterr().err
