"""A tracker that hangs, raises or dies neither slows nor stops a run, and gets everything in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlkernel.records.metrics import read_metrics
from mlkernel.records.run_directory import run_directories
from mlkernel.records.run_lock import is_locked
from mlkernel.records.status import read_status

from .desk import PATIENCE_SECONDS, Desk
from .trackers import facts, received

TRACKERS = Path(__file__).with_name("trackers.py")
TRAINER = """
import time

from attrs import frozen
from mlkernel import Trainer, option


@frozen(kw_only=True)
class Config:
    iterations: int = option(40, help="How many.")
    wait_at: int | None = option(None, help="Where it waits for the file go.")
    fail_at: int | None = option(None, help="Where it fails.")


class Counts(Trainer):
    Config = Config

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass

    def train(self):
        for iteration in self.run.loop("train", self.config.iterations):
            if iteration.number == self.config.wait_at:
                self.run.directory.parent.joinpath("waits").touch()
                while not self.run.directory.parent.joinpath("go").exists():
                    time.sleep(0.01)
            if iteration.number == self.config.fail_at and self.run.attempt == 1:
                raise RuntimeError("failed on purpose")
            iteration.log(loss=1 / (1 + iteration.number))
"""
IMPATIENT = """
import sys
from pathlib import Path
from mlkernel.tracker import follower_process
from mlkernel.tracker.tracking_file import TrackerChoice, TrackingFile

follower_process.CALL_SECONDS = 3.0
file = TrackingFile(Path(sys.argv[1]), "HangsAtFirst")
file.begin(TrackerChoice(reference=sys.argv[2]))
sys.exit(follower_process.main([str(file.path), "0", "0"]))
"""


class RunDesk(Desk):
    """Where runs are begun."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.runs = folder / "runs"
        (folder / "trainer.py").write_text(TRAINER)
        self.environment["MLKERNEL_RUNS"] = str(self.runs)

    def run(self, tracker: str | None, *words: str) -> subprocess.CompletedProcess[str]:
        return self.kernel(*self.words(tracker, *words))

    def words(self, tracker: str | None, *words: str) -> list[str]:
        sent = [] if tracker is None else ["--tracker", f"{TRACKERS}:{tracker}"]
        return ["run", "--trainer", "./trainer.py:Counts", "--progress-bar", "none", *sent, *words]

    @property
    def files(self):
        return run_directories(self.runs)[-1]

    @property
    def arrived(self) -> list[int]:
        return [one["number"] for one in received(self.received, self.files.run_id)]

    @property
    def logged(self) -> list[dict[str, float]]:
        return [dict(record.metrics) for record in read_metrics(self.files.path)]

    def is_followed(self, tracker: str) -> bool:
        return is_locked(self.files.path / "trackers" / f"{tracker}.lock")

    def log_of(self, tracker: str) -> str:
        log = self.files.path / "trackers" / f"{tracker}.log"
        return log.read_text() if log.exists() else ""

    def kill_follower(self) -> None:
        os.kill(int((self.received / "follower.pid").read_text()), signal.SIGKILL)


@pytest.fixture
def desk(tmp_path):
    desk = RunDesk(tmp_path)
    yield desk
    desk.close()
    desk.runs.mkdir(exist_ok=True)
    for folder in (desk.runs, desk.received):  # whoever still waits after a failure
        (folder / "go").touch()


@pytest.fixture(scope="module")
def untracked(tmp_path_factory):
    """What the run logs that nobody tracks."""
    desk = RunDesk(tmp_path_factory.mktemp("untracked"))
    assert desk.run(None).returncode == 0
    return desk.logged


def test_a_run_is_followed_to_its_end(desk, untracked):
    assert desk.run("Appends").returncode == 0
    desk.wait_until(lambda: len(desk.arrived) == 40 and not desk.is_followed("Appends"))
    assert [one["metrics"] for one in received(desk.received, desk.files.run_id)] == untracked
    assert facts(desk.received, desk.files.run_id)[-1]["state"] == "finished"


def test_a_tracker_that_hangs_holds_up_nothing(desk, untracked):
    done = desk.run("Hangs")
    assert done.returncode == 0, done.stdout
    assert read_status(desk.files).state == "finished"
    assert desk.logged == untracked
    desk.wait_until((desk.received / "hangs").exists)
    assert desk.arrived == []  # it had not returned from its first call when the run was over
    (desk.received / "go").touch()
    desk.wait_until(lambda: not desk.is_followed("Hangs"))
    assert desk.arrived == list(range(40))


def test_a_tracker_that_raises_stops_nothing(desk, untracked):
    done = desk.run("Raises")
    assert done.returncode == 0, done.stdout
    desk.wait_until((desk.received / "raised").exists)
    assert desk.logged == untracked
    desk.wait_until(lambda: "RuntimeError: no connection" in desk.log_of("Raises"))
    desk.kill_follower()


def test_a_tracker_that_was_out_of_order_gets_everything(desk):
    assert desk.run("RaisesTwice").returncode == 0
    desk.wait_until(lambda: len(desk.arrived) == 40)
    assert desk.arrived == list(range(40))
    assert desk.log_of("RaisesTwice").count("out of order") == 1  # said once for as long as it stays so


def test_a_follower_that_is_killed_stops_nothing_and_loses_nothing(desk, untracked):
    assert desk.run("Dies").returncode == 0
    assert desk.logged == untracked
    for deaths in (2, 3):
        desk.wait_until(lambda: not desk.is_followed("Dies") and (desk.received / "deaths").exists())
        assert desk.kernel("track", "latest").returncode == -signal.SIGKILL
        assert len((desk.received / "deaths").read_text()) == deaths
    done = desk.kernel("track", "latest")
    assert done.returncode == 0, done.stdout
    assert desk.arrived == list(range(40))


def test_a_call_that_hangs_is_given_up_in_a_new_process(desk):
    training = desk.start(*desk.words(None, "wait_at=30", "checkpoint.every_iterations=10"))
    desk.wait_until((desk.runs / "waits").exists)
    assert desk.kernel("track", desk.files.run_id, "--tracker", "no-such").returncode == 2
    words = [sys.executable, "-c", IMPATIENT, str(desk.files.path), f"{TRACKERS}:HangsAtFirst"]
    follower = subprocess.Popen(words, env=desk.environment)
    desk.wait_until((desk.received / "hung").exists)
    (desk.runs / "go").touch()
    training.communicate(timeout=PATIENCE_SECONDS)
    assert follower.wait(PATIENCE_SECONDS) in (0, 75)
    assert "it hangs here" in desk.log_of("HangsAtFirst")
    assert "trackers.py" in desk.log_of("HangsAtFirst")
    desk.kernel("track", "latest")
    assert desk.arrived == list(range(40))


def test_a_run_that_failed_and_is_resumed_goes_on_in_the_same_place(desk):
    failed = desk.run("Trusts", "fail_at=25", "checkpoint.every_iterations=10", "checkpoint.snapshot=false")
    assert failed.returncode == 1
    desk.wait_until(lambda: len(desk.arrived) >= 20 and not desk.is_followed("Trusts"))
    assert desk.kernel("resume", "latest").returncode == 0
    desk.wait_until(lambda: len(desk.arrived) >= 40 and not desk.is_followed("Trusts"))
    assert desk.arrived == list(range(40))
    said = facts(desk.received, desk.files.run_id)
    assert [one["state"] for one in said if "state" in one][-1] == "finished"
    assert any(one.get("state") == "failed" for one in said)


def test_a_run_that_is_killed_and_resumed_is_there_once(desk):
    training = desk.start(*desk.words("Trusts", "wait_at=30", "checkpoint.every_iterations=10"))
    desk.wait_until((desk.runs / "waits").exists)
    training.kill()
    training.communicate()
    desk.wait_until(lambda: desk.arrived and not desk.is_followed("Trusts"))
    (desk.runs / "go").touch()
    assert desk.kernel("resume", "latest").returncode == 0
    desk.wait_until(lambda: len(desk.arrived) >= 40 and not desk.is_followed("Trusts"))
    assert desk.arrived == list(range(40))


def test_a_run_is_tracked_while_it_trains_and_by_one_process(desk):
    training = desk.start(*desk.words("Appends", "wait_at=30", "checkpoint.every_iterations=10"))
    desk.wait_until(lambda: (desk.runs / "waits").exists() and len(desk.arrived) >= 30)
    refused = desk.kernel("track", "latest")
    assert refused.returncode == 2
    assert "is being sent to Appends by another process" in refused.stdout
    (desk.runs / "go").touch()
    training.communicate(timeout=PATIENCE_SECONDS)
    desk.wait_until(lambda: not desk.is_followed("Appends"))
    assert desk.arrived == list(range(40))


def test_what_cannot_be_used_is_refused_before_anything_is_trained(desk):
    unknown = desk.kernel(*desk.words(None, "--tracker", "no-such-tracker"))
    assert unknown.returncode == 2
    assert "no tracker 'no-such-tracker'" in unknown.stdout
    wrong = desk.kernel(*desk.words(None, "--tracker", f"{TRACKERS}:Appends colour=red"))
    assert wrong.returncode == 2
    assert "colour" in wrong.stdout
    (desk.folder / "others.py").write_text("class Appends:\n    rewrites = False\n")
    twice = desk.kernel(*desk.words("Appends", "--tracker", "./others.py:Appends"))
    assert twice.returncode == 2
    assert "would go by the same name" in twice.stdout
    assert list(desk.runs.iterdir()) == []
    desk.runs.rmdir()
    torn = desk.kernel(*desk.words(None, "--tracker", f"{TRACKERS}:Appends where='x"))
    assert torn.returncode == 2
    assert "no closing quotation" in torn.stdout
    assert not desk.runs.exists()


def test_secrets_are_written_nowhere(desk):
    secret = "a-token-that-nobody-may-see"
    desk.environment["TEST_API_TOKEN"] = secret
    assert desk.run("Raises").returncode == 0
    desk.wait_until(lambda: "no connection with [redacted]" in desk.log_of("Raises"))
    desk.kill_follower()
    assert desk.run("Talks").returncode == 0
    desk.wait_until(lambda: "the token is [redacted]" in desk.log_of("Talks"))
    refused = desk.kernel(*desk.words(None, "--tracker", f"{TRACKERS}:Appends where=http://x/{secret}"))
    assert refused.returncode == 2
    assert secret not in refused.stdout
    telling = [
        path
        for path in desk.folder.rglob("*")
        if path.is_file() and secret in path.read_text(errors="replace")
    ]
    assert telling == []
