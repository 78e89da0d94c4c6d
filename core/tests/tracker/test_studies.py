"""A study is sent with each of its runs, once, whoever is killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from mlkernel.records.metrics import read_metrics
from mlkernel.records.run_lock import is_locked
from mlkernel.study.study_directory import StudyDirectory

from .desk import Desk
from .trackers import facts, received

TRACKERS = Path(__file__).with_name("trackers.py")
TARGETS = """
import time
from pathlib import Path


def climbs(config, reporter):
    for step in range(1, 6):
        reporter(step=step, loss=config["x"] ** 2 + 1 / step, pace=0.5)


def waits(config, reporter):
    while reporter.attempt == 1 and config["x"] > 1 and not Path("go").exists():
        time.sleep(0.01)
    climbs(config, reporter)
"""


class StudyDesk(Desk):
    """Where studies are begun."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "targets.py").write_text(TARGETS)
        self.study = StudyDirectory(folder / "studies" / "valley")

    def search(self, *words: str, tracker: str | None = "Trusts") -> list[str]:
        sent = [] if tracker is None else ["--tracker", f"{TRACKERS}:{tracker}"]
        return ["search", "--name", "valley", "--algorithm", "grid", "--metric", "loss", *sent, *words]

    def function(self, name: str) -> list[str]:
        return ["--trainer", f"./targets.py:{name}", "--space", "x=categorical([0, 1, 2])"]

    def wait_for_follower(self, tracker: str = "Trusts") -> None:
        self.wait_until(self.is_end_told)
        self.wait_until(lambda: not is_locked(self.study.path / "trackers" / f"{tracker}.lock"))

    def is_end_told(self) -> bool:
        told = self.received / "valley.facts.jsonl"
        return told.exists() and '"state": "finished"' in told.read_text()

    def check_all_is_there(self) -> None:
        """Each report of each run, and each trial of the study, once."""
        store = self.study.open()
        trials = list(store.trials("valley"))
        reports: dict[tuple[int, int], list[tuple[float, float]]] = {}
        for one in store.reports("valley"):
            reports.setdefault((one.trial, one.place), []).append((one.step, one.values[0]))
        store.close()
        for (trial, place), values in reports.items():
            arrived = received(self.received, f"{trial:06d}-{place}")
            assert [(one["step"], one["metrics"]["loss"]) for one in arrived] == values
        of_study = received(self.received, "valley")
        assert sorted(one["step"] for one in of_study) == [trial.number for trial in trials]
        best = min(trial.values[0] for trial in trials)
        assert of_study[-1]["metrics"]["best/loss"] == best


@pytest.fixture
def desk(tmp_path):
    desk = StudyDesk(tmp_path)
    yield desk
    desk.close()
    (tmp_path / "go").touch()


def test_reports_of_functions(desk):
    done = desk.kernel(*desk.search(*desk.function("climbs"), "--seeds", "2", "--jobs", "2"))
    assert done.returncode == 0, done.stdout
    desk.wait_for_follower()
    desk.check_all_is_there()
    introduced = facts(desk.received, "000002-1")[0]
    assert introduced["group"] == "valley"
    assert introduced["parameters"] == {"x": 2}
    assert introduced["tags"] == {"trial": "2", "seed": "1"}
    assert facts(desk.received, "000002-1")[-1]["state"] == "finished"
    assert facts(desk.received, "valley")[-1]["state"] == "finished"
    assert received(desk.received, "000000-0")[0]["metrics"]["pace"] == 0.5


def test_metrics_of_trainers(desk):
    space = "trainer.learning_rate=categorical([0.1, 0.2])"
    trainer = "mlkernel.testing.tiny_trainer:TinyTrainer"
    words = [
        "search",
        "--name",
        "valley",
        "--algorithm",
        "grid",
        "--metric",
        "test_error",
        "--trainer",
        trainer,
    ]
    done = desk.kernel(*words, "--space", space, "--tracker", f"{TRACKERS}:Rewrites")
    assert done.returncode == 0, done.stdout
    desk.wait_for_follower("Rewrites")
    for name in ("000000-0", "000001-0"):
        logged = [(one.phase, one.iteration) for one in read_metrics(desk.study.runs / name)]
        assert [(one["phase"], one["step"]) for one in received(desk.received, name)] == logged
        assert facts(desk.received, name)[0]["tags"]["trial"] == str(int(name[:6]))


def test_a_study_can_be_sent_afterwards_and_is_then_complete(desk):
    assert desk.kernel(*desk.search(*desk.function("climbs"), tracker=None)).returncode == 0
    sent = desk.kernel("track", "valley", "--tracker", f"{TRACKERS}:Trusts")
    assert sent.returncode == 0, sent.stdout
    desk.check_all_is_there()
    assert desk.kernel("track", "valley").returncode == 0
    desk.check_all_is_there()


def test_a_driver_and_a_follower_that_are_killed(desk):
    # A tracker that knows what it has: the follower may die between a delivery and its note of it.
    driver = desk.start(*desk.search(*desk.function("waits"), tracker="Appends"))
    desk.wait_until((desk.received / "000001-0.jsonl").exists)
    os.kill(int((desk.received / "follower.pid").read_text()), signal.SIGKILL)
    driver.kill()
    driver.communicate()
    (desk.folder / "go").touch()
    resumed = desk.kernel("study", "resume", "valley")
    assert resumed.returncode == 0, resumed.stdout
    desk.wait_for_follower("Appends")
    desk.check_all_is_there()


def test_a_tracker_that_hangs_holds_up_no_study(desk):
    done = desk.kernel(*desk.search(*desk.function("climbs"), tracker="Hangs"))
    assert done.returncode == 0, done.stdout
    desk.wait_until((desk.received / "hangs").exists)
    assert not received(desk.received, "valley")
    (desk.received / "go").touch()
    desk.wait_for_follower("Hangs")
    desk.check_all_is_there()
