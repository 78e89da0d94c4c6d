import pytest

from mlkernel.cli.main import main
from mlkernel.records.run_directory import run_directories
from mlkernel.records.status import read_status

SOURCE = '''
import os, signal
from attrs import frozen
from mlkernel import Trainer, option


class Tiny(Trainer):
    """Counts."""

    @frozen(kw_only=True)
    class Config:
        iterations: int = option(3, help="How far.")
        stop: bool = option(False, help="Stop in the first iteration.")

    def train(self):
        for iteration in self.run.loop("train", self.config.iterations):
            self.run.report("count", iteration.number)
            if self.config.stop and self.run.attempt == 1:
                os.kill(os.getpid(), signal.SIGTERM)
        with self.run.artifact("curve.png") as path:
            path.write_bytes(b"")
'''


@pytest.fixture
def runs(tmp_path, monkeypatch):
    (tmp_path / "tiny.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLKERNEL_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def run(*words, trainer="./tiny.py:Tiny"):
    return main(["run", "--trainer", trainer, "--progress-bar", "none", *words])


def test_a_run_ends_by_telling_where_its_files_are(runs, capsys):
    assert run("iterations=4") == 0
    (files,) = run_directories(runs)
    told = capsys.readouterr().err
    assert f"finished: {files.path}" in told
    assert "best count: 3" in told
    assert str(files.artifacts / "curve.png") in told


def test_a_stopped_run_tells_how_to_go_on_and_resume_does(runs, capsys):
    assert run("stop=true") == 75
    (files,) = run_directories(runs)
    assert f"go on with: kernel resume {files.path}" in capsys.readouterr().err
    assert main(["resume", str(files.path)]) == 0
    assert main(["resume", files.run_id]) == 0
    assert "it had finished before" in capsys.readouterr().err
    assert len(read_status(files).attempts) == 2


def test_a_file_may_name_the_trainer_and_short_options_go_over_it(runs, tmp_path, capsys):
    (tmp_path / "run.toml").write_text(
        "version = 1\n[trainer]\nuse = './tiny.py:Tiny'\niterations = 7\n[run]\nseed = 1\nprogress_bar = 'none'\n"
    )
    assert main(["run", "--config", "run.toml", "--seed", "9", "--name", "named", "iterations=2"]) == 0
    (files,) = run_directories(runs)
    assert files.run_id.startswith("named-")
    assert read_status(files).progress == {"train": (2, 2)}
    assert '"seed": 9' in files.plan.read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run"], "no trainer was named"),
        (["run", "--trainer", "./tiny.py:Tiny", "iterations=many", "iteratons=1"], "did you mean"),
        (["run", "--trainer", "./tiny.py:Tony"], "Did you mean 'Tiny'?"),
        (["run", "--trainer", "./absent.py:Tiny"], "does not exist"),
        (["run", "--trainer", "./tiny.py:Tiny", "--progress-bar", "rihc"], "rich"),
        (["resume", "nothing"], "no run 'nothing'"),
        (["stop", "nothing"], "no run 'nothing'"),
    ],
)
def test_wrong_input_is_exit_code_2_and_leaves_no_run(runs, words, message, capsys):
    assert main(words) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "Traceback" not in told
    assert len(told.splitlines()) < 24, "one screen"
    assert run_directories(runs) == []


def test_a_wrong_value_does_not_touch_the_run_that_is_resumed(runs, capsys):
    assert run("stop=true") == 75
    (files,) = run_directories(runs)
    before = files.plan.read_text(), files.status.read_text()
    assert main(["resume", "latest", "--set", "trainer.iterations=many"]) == 2
    assert "trainer.iterations" in capsys.readouterr().err
    assert (files.plan.read_text(), files.status.read_text()) == before


def test_stopping_what_does_not_run_says_so(runs, capsys):
    assert run() == 0
    assert main(["stop", "latest"]) == 0
    assert "is not running: finished" in capsys.readouterr().out
    assert not run_directories(runs)[0].stop_request.exists()
