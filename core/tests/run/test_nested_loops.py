"""Trainers that prepare an iteration, and then loop inside of it, end equal however often they are killed."""

import pytest

from mlkernel.checkpoint.manifest import read_manifest

from .kernel_process import KernelProcess, TrainerFolder, kill

HEAD = """
import json, os, random, signal, time
from pathlib import Path

from mlkernel import Trainer, hookimpl


def announce(number):
    folder = Path(__file__).parent
    (folder / "announcing").write_text(str(number))
    (folder / "announcing").replace(folder / "announced")


class Epochs(Trainer):
    def __init__(self, run):
        super().__init__(run)
        self.chance = run.random("order")
        self.order = list(range(6))
        self.weight = 0.0

    def state_dict(self):
        return {"order": self.order, "weight": self.weight}

    def load_state_dict(self, state):
        self.order, self.weight = state["order"], state["weight"]

    def prepare(self):
        self.chance.shuffle(self.order)
        self.weight += self.chance.random()

    def descend(self, batch, number):
        announce(number)
        time.sleep(0.01)
        self.weight = 0.9 * self.weight + self.order[batch.number] * self.chance.random()
        batch.log(weight=self.weight)

    def finish(self):
        with self.run.artifact("state.json") as path:
            path.write_text(json.dumps([self.order, self.weight, self.chance.random()]))
"""

USUAL = (
    HEAD
    + """
class Tiny(Epochs):
    def train(self):
        for epoch in self.run.loop("train", 5):
            self.prepare()
            for batch in self.run.loop("batch", 6):
                self.descend(batch, 6 * epoch.number + batch.number)
            for check in self.run.loop("check", 2):
                check.log(drawn=self.chance.random())
        self.finish()
"""
)

RESUMABLE = (
    HEAD
    + """
class Tiny(Epochs):
    def train(self):
        for epoch in self.run.loop("train", 5):
            with self.run.loop("batch", 6, resumable=True) as batches:
                if batches.completed == 0:
                    self.prepare()
                while batches.completed < 6:
                    self.descend(batches.current(), 6 * epoch.number + batches.completed)
                    batches.advance()
        self.finish()
"""
)

OFTEN = ["checkpoint.every_iterations=1", "checkpoint.every_seconds=null"]
BATCHES = [2, 10, 28]
"""At which of the thirty batches a run is killed: none is the first of its epoch."""


@pytest.mark.parametrize("source", [USUAL, RESUMABLE], ids=["usual", "resumable"])
def test_a_run_that_is_killed_in_inner_loops_ends_equal(tmp_path_factory, source):
    whole = TrainerFolder(tmp_path_factory.mktemp("whole"), source)
    whole.start_here(*OFTEN)
    process = KernelProcess(tmp_path_factory.mktemp("killed"), source)
    started = process.start_run(*OFTEN)
    for number in BATCHES:
        process.wait_for_iteration(number, started)
        kill(started)
        started = process.start("resume", "latest")
    started.communicate()
    assert process.status.state == "finished"
    assert process.metrics == whole.metrics
    assert process.final_state() == whole.final_state()


STOPPING = """
class Stopping(Tiny):
    @hookimpl
    def on_iteration_ended(self, run, phase, completed):
        if phase == "train/batch" and completed == 2 and run.attempt == 1:
            os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.parametrize(
    ("source", "progress"),
    [(USUAL, {"train": (1, 5)}), (RESUMABLE, {"train": (0, 5), "train/batch": (2, 6)})],
    ids=["usual", "resumable"],
)
def test_a_run_stops_at_the_next_boundary_that_is_resumable(tmp_path, source, progress):
    folder = TrainerFolder(tmp_path, source + STOPPING)
    assert folder.start_here(trainer="Stopping").exit_code == 75
    assert folder.status.progress == progress


COUNTING = (
    USUAL.replace("self.prepare()", "self.run.report('epoch', epoch.number)")
    + """
class Inside(Tiny):
    def train(self):
        for epoch in self.run.loop("train", 2):
            for batch in self.run.loop("batch", 2):
                for sample in self.run.loop("sample", 2, resumable=True):
                    pass
"""
)


@pytest.mark.parametrize(("trainer", "epochs"), [("Tiny", 5), ("Inside", 2)])
def test_inner_loops_make_no_checkpoints(tmp_path, trainer, epochs):
    folder = TrainerFolder(tmp_path, COUNTING)
    folder.start_here(*OFTEN, "checkpoint.keep_last=99", trainer=trainer)
    assert len(folder.checkpoints) == epochs + 1  # one at the end


@pytest.mark.parametrize(
    ("source", "every", "completed"),
    [
        (USUAL, "every_iterations=2", [{"train": 2}, {"train": 4}]),
        (USUAL, "keep_every=2", [{"train": 2}, {"train": 4}]),
        (RESUMABLE, "every_iterations=20", [{"train": 2, "train/batch": 6}]),
        (RESUMABLE, "keep_every=2", [{"train": 2}, {"train": 4}]),
    ],
)
def test_iterations_of_resumable_loops_are_counted(tmp_path, source, every, completed):
    folder = TrainerFolder(tmp_path, source)
    folder.start_here("checkpoint.every_seconds=null", f"checkpoint.{every}", "checkpoint.keep_last=9")
    manifests = [read_manifest(folder.files.checkpoints / name) for name in folder.checkpoints]
    assert [manifest.completed for manifest in manifests[:-1]] == completed


def test_a_failure_in_an_inner_loop_goes_back_to_the_boundary_around_it(tmp_path):
    failing = (
        USUAL.replace("time.sleep(0.01)", "_fail_once(self.run, number)")
        + """
def _fail_once(run, number):
    if number == 15 and run.attempt == 1:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
"""
    )
    folder = TrainerFolder(tmp_path, failing)
    assert folder.start_here("checkpoint.every_seconds=null").reason == "interrupted"
    newest = folder.files.checkpoints / folder.checkpoints[-1] / "manifest.json"
    assert '"train": 2' in newest.read_text()
    assert "batch" not in newest.read_text()
