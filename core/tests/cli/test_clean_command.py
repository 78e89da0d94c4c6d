import time

import pytest

from mlkernel.cli.main import main
from mlkernel.records.run_directory import RunDirectory, run_directories
from mlkernel.records.run_lock import RunLock
from mlkernel.records.status import Status, read_status, write_status
from mlkernel.run.session import start_run

SOURCE = """
from mlkernel import Trainer


class Tiny(Trainer):
    def train(self):
        for iteration in self.run.loop("train", 6):
            self.run.report("score", -abs(iteration.number - 2))
"""


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Three finished runs and a failed one, of which two are old."""
    (tmp_path / "tiny.py").write_text(SOURCE)
    root = tmp_path / "runs"
    monkeypatch.setenv("MLKERNEL_RUNS", str(root))
    for name in ("a", "b", "c", "d"):
        overrides = [
            f"run.name={name}",
            "run.progress_bar=none",
            "checkpoint.every_iterations=1",
            "checkpoint.keep_last=3",
        ]
        start_run(f"{tmp_path / 'tiny.py'}:Tiny", overrides=overrides, runs=root)
    for files in run_directories(root):
        status = read_status(files)
        status.state = "failed" if files.run_id.startswith("d") else "finished"
        status.heartbeat = time.time() - (10 * 86_400 if files.run_id[0] in "ad" else 0)
        write_status(files, status)
    return root


def left(root):
    return "".join(sorted(files.run_id[0] for files in run_directories(root)))


@pytest.mark.parametrize(
    ("words", "staying"),
    [
        (["a", "b"], "cd"),
        (["--state", "failed"], "abc"),
        (["--older-than", "7d"], "bc"),
        (["--older-than", "2w"], "abcd"),
        (["--state", "finished", "--older-than", "240h"], "bcd"),
    ],
)
def test_what_was_chosen_is_deleted_once_yes_is_said(runs, words, staying, capsys):
    assert main(["clean", *words]) == 0
    assert left(runs) == "abcd"
    assert main(["clean", *words, "--yes"]) == 0
    assert left(runs) == staying


def test_without_yes_it_says_what_would_be_deleted(runs, capsys):
    main(["clean", "a"])
    told = capsys.readouterr().out
    assert f"would delete {runs / 'a-'}" in told
    assert "add --yes" in told


def test_of_checkpoints_the_best_and_the_newest_stay(runs):
    (files,) = (files for files in run_directories(runs) if files.run_id[0] == "a")
    before = sorted(path.name for path in files.checkpoints.iterdir())
    assert main(["clean", "a", "--checkpoints", "--yes"]) == 0
    assert before == ["000003", "000005", "000006", "000007"]
    assert sorted(path.name for path in files.checkpoints.iterdir()) == ["000003", "000007"]


def test_a_running_run_is_never_touched(runs, capsys):
    files = RunDirectory(runs / "running")
    (source, *_) = run_directories(runs)
    files.path.mkdir()
    files.plan.write_text(source.plan.read_text())
    status = Status()
    status.begin_attempt()
    write_status(files, status)
    with RunLock(files.lock):
        assert main(["clean", "--older-than", "0h", "--yes"]) == 0
        assert [found.run_id for found in run_directories(runs)] == ["running"]
        assert main(["clean", "running", "--yes"]) == 2
        assert "running is running" in capsys.readouterr().err
    assert main(["clean", "running", "--yes"]) == 0
    assert run_directories(runs) == []


@pytest.mark.parametrize("words", [[], ["--older-than", "soon"], ["--older-than", "5"], ["nothing"]])
def test_wrong_input_deletes_nothing(runs, words):
    assert main(["clean", *words, "--yes"]) == 2
    assert left(runs) == "abcd"
