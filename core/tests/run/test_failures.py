import json
import os
import subprocess
import sys

import pytest

from mlkernel.cli.main import main
from mlkernel.errors import PluginError, TrainingError, UsageError

EVERY = "checkpoint.every_iterations=1"
SECRET = "sk-very-secret-4711"

FAILING = """
class Tiny(Base):
    def step(self, iteration):
        iteration.log(number=iteration.number)
        if iteration.number == 2 and self.run.attempt == 1:
            key = os.environ.get("SOME_API_KEY")
            request = {"headers": [f"Bearer {key}"]}
            self.run.logger.warning("about to fail", api_key=key, request=request, cause=Holder(key))
            raise ValueError(f"the service refused {key}")


class Holder:
    def __init__(self, key):
        self.key = key

    def __repr__(self):
        return f"Holder({self.key})"
"""


def test_an_exception_is_a_failed_run_that_goes_on_from_its_last_boundary(trainer_folder, capsys):
    folder = trainer_folder(FAILING)
    trainer = f"{folder.trainer}:Tiny"
    assert main(["run", "--trainer", trainer, "--runs", str(folder.runs), "--progress-bar", "none"]) == 1
    told = capsys.readouterr().err
    assert "ValueError: the service refused None" in told
    assert f"kernel resume {folder.files.run_id}" in told
    assert "Traceback" not in told
    assert (folder.status.state, folder.status.attempts[0].outcome) == ("failed", "failed")
    assert folder.status.reason == "ValueError: the service refused None"
    failure = next(event for event in folder.events if event["event"] == "failed")
    assert "Traceback" in failure["exception"]
    assert "trainer.py" in failure["exception"]
    assert folder.resume_here().exit_code == 0
    assert [record[2]["number"] for record in folder.metrics] == [0, 1, 2, 3]


def test_the_traceback_is_shown_when_it_is_asked_for(trainer_folder, capsys):
    folder = trainer_folder(FAILING)
    words = ["run", "--traceback", "--trainer", f"{folder.trainer}:Tiny", "--runs", str(folder.runs)]
    assert main([*words, "--progress-bar", "none"]) == 1
    assert "trainer.py" in capsys.readouterr().err


def test_secrets_reach_neither_files_nor_the_console(trainer_folder, monkeypatch, capsys):
    monkeypatch.setenv("SOME_API_KEY", SECRET)
    folder = trainer_folder(FAILING)
    words = ["run", "--trainer", f"{folder.trainer}:Tiny", "--runs", str(folder.runs), "--name", "run"]
    monkeypatch.setattr(sys, "argv", ["kernel", *words, f"--ignored={SECRET}"])
    assert main([*words, "--progress-bar", "none"]) == 1
    streams = capsys.readouterr()
    assert "[redacted]" in streams.err
    written = {path: path.read_bytes() for path in folder.files.path.rglob("*") if path.is_file()}
    assert [path for path, content in written.items() if SECRET.encode() in content] == []
    assert SECRET not in streams.err + streams.out
    assert "the service refused [redacted]" in folder.files.events.read_text()


@pytest.mark.parametrize("code", [0, 3, "text"])
def test_a_trainer_that_exits_has_failed(trainer_folder, code):
    folder = trainer_folder(f"""
class Tiny(Base):
    def step(self, iteration):
        sys.exit({code!r})
""")
    with pytest.raises(TrainingError, match="SystemExit"):
        folder.start_here()
    assert folder.status.state == "failed"


def test_a_trainer_cannot_swallow_being_stopped(trainer_folder):
    folder = trainer_folder("""
class Tiny(Base):
    def train(self):
        for iteration in self.run.loop("train", 3):
            try:
                for inner in self.run.loop("inner", 3):
                    if inner.number == 1 and self.run.attempt == 1:
                        os.kill(os.getpid(), signal.SIGTERM)
            except Exception:
                self.run.note("swallowed", True)
""")
    assert folder.start_here().exit_code == 75
    assert folder.status.notes == {}
    assert folder.resume_here().exit_code == 0


@pytest.mark.parametrize(
    "source",
    [
        "class Tiny(Base):\n    @hookimpl\n    def on_iteration_endet(self, run): pass\n",
        "class Tiny(Base):\n    @hookimpl\n    def on_iteration_ended(self, runn): pass\n",
        "class Tiny(Base):\n    def train(self): raise __import__('mlkernel').UsageError('no')\n",
    ],
)
def test_no_run_directory_is_left_when_nothing_was_trained(trainer_folder, source):
    folder = trainer_folder(source)
    with pytest.raises(UsageError):
        folder.start_here()
    assert list(folder.runs.iterdir()) == []


def test_a_paid_step_is_kept_whatever_comes_after_it(trainer_folder):
    folder = trainer_folder("""
class Tiny(Base):
    def train(self):
        self.run.once("paid", lambda: "receipt")
        raise __import__("mlkernel").UsageError("the service wants another model")
""")
    with pytest.raises(UsageError):
        folder.start_here()
    assert "receipt" in folder.files.journal.read_text()


def test_a_failure_in_the_constructor_is_a_failed_run(trainer_folder):
    folder = trainer_folder(
        "class Tiny(Base):\n    def __init__(self, run):\n        raise KeyError('data')\n"
    )
    with pytest.raises(TrainingError, match="KeyError: 'data'"):
        folder.start_here()
    assert folder.status.state == "failed"


def test_state_without_a_way_back_is_told_when_it_is_resumed(trainer_folder):
    folder = trainer_folder("""
class Tiny(Trainer):
    def state_dict(self):
        return {"x": 1}

    def train(self):
        for _ in self.run.loop("train", 2):
            os.kill(os.getpid(), signal.SIGTERM) if self.run.attempt == 1 else None
""")
    assert folder.start_here().exit_code == 75
    with pytest.raises(TrainingError, match="Tiny has saved state and no load_state_dict"):
        folder.resume_here()


def test_a_closed_standard_error_ends_no_training(kernel_process):
    process = kernel_process(FAILING.replace("self.run.attempt == 1", "False"))
    words = [
        sys.executable,
        "-m",
        "mlkernel",
        "run",
        "--trainer",
        "./trainer.py:Tiny",
        "--progress-bar",
        "plain",
    ]
    read, write = os.pipe()
    os.close(read)
    subprocess.run(words, cwd=process.folder, env=process.environment, stderr=write, check=False)
    os.close(write)
    assert process.status.state == "finished"
    assert len(process.metrics) == 4


def test_a_progress_bar_that_raises_is_dropped(trainer_folder, capsys):
    folder = trainer_folder("""
class Tiny(Base):
    @hookimpl
    def make_progress_bar(self):
        return Bar()


class Bar:
    def __getattr__(self, name):
        if name == "advance":
            raise RuntimeError("no terminal")
        return lambda *arguments: None
""")
    assert folder.start_here().exit_code == 0
    assert "the progress bar raised and is not shown any more" in capsys.readouterr().err


def test_events_of_all_attempts_are_whole_lines_though_one_was_torn(trainer_folder):
    folder = trainer_folder(FAILING)
    with pytest.raises(TrainingError):
        folder.start_here(EVERY)
    with folder.files.events.open("a") as file:
        file.write('{"event": "torn')
    folder.resume_here()
    events = [json.loads(line) for line in folder.files.events.read_text().splitlines()]
    assert "resumed" in [event["event"] for event in events]


def test_a_trainer_may_change_the_current_folder(kernel_process):
    process = kernel_process("""
class Tiny(Base):
    def step(self, iteration):
        iteration.log(number=iteration.number)
        os.chdir("/")
""")
    process.environment["MLKERNEL_RUNS"] = "runs"
    finished = process.run("checkpoint.every_iterations=1")
    assert finished.returncode == 0, finished.stderr
    assert process.status.state == "finished"
    assert len(process.metrics) == 4


def test_what_a_dead_process_left_half_written_is_removed(trainer_folder):
    folder = trainer_folder(FAILING)
    with pytest.raises(TrainingError):
        folder.start_here()
    (folder.files.path / ".status.json.4711").write_text("{")
    folder.resume_here()
    assert not list(folder.files.path.glob(".*"))


LAST_CHECKPOINT = """
class Tiny(Base):
    def step(self, iteration):
        if iteration.number == 2:
            {end}

    @hookimpl
    def on_checkpoint_saved(self, run, checkpoint):
        (Path(__file__).parent / "told").write_text(json.dumps(checkpoint.manifest.completed))
        {then}
"""
FAIL = "raise RuntimeError('once')"
INTERRUPT = "os.kill(os.getpid(), signal.SIGINT)"


@pytest.mark.parametrize("then", ["pass", FAIL], ids=["", "and raises"])
def test_listeners_hear_of_the_checkpoint_after_a_failure(trainer_folder, then):
    folder = trainer_folder(LAST_CHECKPOINT.format(end=FAIL, then=then))
    with pytest.raises(TrainingError, match="once"):
        folder.start_here("checkpoint.every_seconds=null", "run.strict_plugins=true")
    assert json.loads((folder.folder / "told").read_text()) == {"train": 2}
    assert folder.status.state == "failed"


def test_listeners_hear_of_the_checkpoint_after_a_second_ctrl_c_and_a_third_changes_nothing(trainer_folder):
    folder = trainer_folder(LAST_CHECKPOINT.format(end=f"{INTERRUPT}; {INTERRUPT}", then=INTERRUPT))
    outcome = folder.start_here("checkpoint.every_seconds=null")
    assert (outcome.exit_code, folder.status.reason) == (75, "interrupted")
    assert json.loads((folder.folder / "told").read_text()) == {"train": 2}


def test_a_listener_that_raises_after_a_second_ctrl_c_leaves_a_stopped_run(trainer_folder):
    folder = trainer_folder(LAST_CHECKPOINT.format(end=f"{INTERRUPT}; {INTERRUPT}", then=FAIL))
    with pytest.raises(PluginError, match="on_checkpoint_saved"):
        folder.start_here("checkpoint.every_seconds=null", "run.strict_plugins=true")
    assert (folder.status.state, folder.status.attempts[-1].reason) == ("stopped", "interrupted")
