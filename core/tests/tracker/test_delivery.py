"""Whatever happens to a run and to its follower: every record arrives, and none twice."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlkernel.records.metrics import MetricWriter, read_metrics
from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.run_lock import RunLock
from mlkernel.records.status import Status, write_status
from mlkernel.testing import run_in_process
from mlkernel.tracker.delivery import Delivery
from mlkernel.tracker.source import RunSource
from mlkernel.tracker.tracking_file import TrackerChoice, TrackingFile

from .trackers import RECEIVED, received

TRACKERS = Path(__file__).with_name("trackers.py")


class LivingRun:
    """A run directory whose metrics and status are written by hand, with the writers that runs use."""

    def __init__(self, folder: Path, plan: Path) -> None:
        self.files = RunDirectory(folder / "living-1")
        self.files.path.mkdir()
        shutil.copy(plan, self.files.plan)
        self.status = Status()
        self.next = self.furthest = 0
        self.checkpoint = (0, 0)
        self.begin()

    def begin(self) -> None:
        """An attempt, whose checkpoint is not loaded yet: what was logged after it is still there."""
        self.lock = RunLock(self.files.lock).__enter__()  # by which others see that it lives
        self.status.begin_attempt()
        write_status(self.files, self.status, durable=False)
        self._writer: MetricWriter | None = None
        self.next = self.checkpoint[1]

    @property
    def writer(self) -> MetricWriter:
        """Made when it is needed, from the checkpoint on."""
        if self._writer is None:
            self._writer = MetricWriter(self.files.metrics)
            self._writer.rewind(self.checkpoint[0])
        return self._writer

    def log(self, count: int) -> None:
        """Records that an attempt before may have logged with other times, in lines of other lengths."""
        for _ in range(count):
            seconds = self.next + 10.0 ** -len(self.status.attempts)
            self.writer.append("train", self.next, seconds, {"loss": 1 / (1 + self.next)})
            self.next += 1
        self.furthest = max(self.furthest, self.next)
        self.writer.flush()

    def save(self) -> None:
        """A checkpoint."""
        self.checkpoint = (self.writer.size, self.next)

    def die(self) -> None:
        """Without a word, in the middle of a line."""
        self.writer.close()
        with self.files.metrics.open("ab") as file:
            file.write(b'{"phase": "tra')
        self.lock.__exit__(None, None, None)
        self.begin()

    def end(self) -> None:
        """Finish."""
        self.writer.close()
        self.status.end_attempt("finished")
        write_status(self.files, self.status)
        self.lock.__exit__(None, None, None)


class Followed:
    """What follows it with one tracker."""

    def __init__(self, run: LivingRun, tracker: str) -> None:
        self.run = run
        choice = TrackerChoice(reference=f"{TRACKERS}:{tracker}")
        self.file = TrackingFile(run.files.path, choice.label)
        self.file.begin(choice)
        self.restart()

    def restart(self) -> None:
        """As after a kill: nothing is left but what is on disk."""
        self.delivery = Delivery(RunSource(self.run.files.path), self.file, nullcontext())


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("log"), st.integers(1, 40)),
        st.tuples(st.sampled_from(["save", "die", "step", "restart"]), st.none()),
    ),
    max_size=30,
)


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """Of a real run."""
    folder = tmp_path_factory.mktemp("plan")
    return run_in_process("mlkernel.testing.tiny_trainer:TinyTrainer", runs=folder).directory / "plan.json"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(RECEIVED, str(tmp_path / "received"))
    return tmp_path


@pytest.mark.parametrize("tracker", ["Trusts", "Rewrites"])
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_every_record_arrives_once(tracker, actions, plan, tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("example")
    monkeypatch.setenv(RECEIVED, str(folder / "received"))
    run = LivingRun(folder, plan)
    followed = Followed(run, tracker)
    for action, count in actions:
        match action:
            case "log":
                run.log(count)
            case "save":
                run.save()
            case "die":
                run.die()
            case "step":
                followed.delivery.step()
            case "restart":
                followed.restart()
    run.log(1 + run.furthest - run.next)  # a run comes to where it was before it was killed
    run.end()
    while followed.delivery.step().state != "finished":
        pass
    arrived = received(folder / "received", run.files.run_id)
    logged = [
        (record.phase, record.iteration, dict(record.metrics)) for record in read_metrics(run.files.path)
    ]
    assert [(one["phase"], one["step"], one["metrics"]) for one in arrived] == logged
    assert [one["number"] for one in arrived] == list(range(len(logged)))


@pytest.mark.parametrize("tracker", ["Appends", "Rewrites"])
def test_what_was_delivered_before_a_kill_is_not_there_twice(folder, plan, tracker):
    run = LivingRun(folder, plan)
    followed = Followed(run, tracker)
    run.log(5)
    followed.delivery.step()
    before = followed.file.path.read_bytes()
    run.log(5)
    followed.delivery.step()
    followed.file.path.write_bytes(before)  # the kill came before the note
    followed.restart()
    run.end()
    followed.delivery.step()
    assert [one["number"] for one in received(folder / "received", run.files.run_id)] == list(range(10))


def test_a_run_that_is_complete_is_not_sent_again(folder, plan):
    run = LivingRun(folder, plan)
    followed = Followed(run, "Rewrites")
    run.log(3)
    run.end()
    followed.delivery.step()
    (folder / "received" / f"{run.files.run_id}.jsonl").unlink()
    followed.restart()
    assert followed.delivery.step().state == "finished"
    assert not received(folder / "received", run.files.run_id)


def test_a_line_that_is_damaged_is_left_out(folder, plan):
    run = LivingRun(folder, plan)
    followed = Followed(run, "Trusts")
    run.log(2)
    with run.files.metrics.open("ab") as file:
        file.write(b"damaged\n")
    run.log(2)
    run.end()
    followed.delivery.step()
    assert [one["number"] for one in received(folder / "received", run.files.run_id)] == [0, 1, 3, 4]


def test_an_extended_run_is_sent_on(folder, plan):
    run = LivingRun(folder, plan)
    followed = Followed(run, "Trusts")
    run.log(3)
    run.save()
    run.end()
    followed.delivery.step()
    run.begin()
    run.log(3)
    run.end()
    followed.restart()
    followed.delivery.step()
    assert [one["number"] for one in received(folder / "received", run.files.run_id)] == list(range(6))


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize("tracker", ["Trusts", "Rewrites"])
def test_what_is_taken_back_after_a_look_at_the_new_attempt_arrives_once(folder, plan, tracker, is_restarted):
    run = LivingRun(folder, plan)
    followed = Followed(run, tracker)
    run.log(3)
    run.save()
    run.log(12)
    followed.delivery.step()
    run.die()
    if is_restarted:
        followed.restart()
    followed.delivery.step()  # before the new attempt has come to its checkpoint
    run.log(40)
    followed.delivery.step()
    run.end()
    while followed.delivery.step().state != "finished":
        pass
    arrived = received(folder / "received", run.files.run_id)
    assert [one["number"] for one in arrived] == list(range(43))
