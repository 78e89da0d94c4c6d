"""Kill a run at any moment and resume it: it ends as one that was never killed."""

import json
import random
import signal
import time

import pytest

from mlkernel.cli.main import main
from mlkernel.errors import UsageError

from .kernel_process import WALK, KernelProcess, TrainerFolder, kill

OFTEN = ["checkpoint.every_iterations=1", "checkpoint.every_seconds=null"]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = TrainerFolder(tmp_path_factory.mktemp("unbroken"), WALK)
    folder.start_here()
    return folder


def assert_equal_runs(one, other):
    assert one.metrics == other.metrics
    assert one.final_state() == other.final_state()
    assert one.status.best == other.status.best


def test_the_walk_is_complete(unbroken):
    phases = [phase for phase, _, _ in unbroken.metrics]
    assert (phases.count("train"), phases.count("train/epoch"), phases.count("test")) == (12, 24, 3)
    assert unbroken.status.state == "finished"


def test_another_hash_seed_changes_nothing(unbroken, tmp_path):
    other = KernelProcess(tmp_path, WALK, hash_seed="12345")
    assert other.run().returncode == 0
    assert_equal_runs(other, unbroken)


def test_how_often_checkpoints_are_made_changes_nothing(unbroken, tmp_path):
    other = TrainerFolder(tmp_path, WALK)
    other.start_here(*OFTEN, "checkpoint.snapshot=false")
    assert_equal_runs(other, unbroken)


KILL_IN_THE_WRITE = """
class Killed(Tiny):
    @hookimpl(wrapper=True)
    def save_checkpoint(self, run, directory):
        moment, _, number = os.environ["KILL"].partition(" ")
        is_now = directory.name.endswith(number) and run.attempt == 1
        if is_now and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if is_now and moment == "between":
            (directory / "state.json").write_text('{"half')
            os.kill(os.getpid(), signal.SIGKILL)
        done = yield
        if is_now and moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    @hookimpl
    def on_checkpoint_saved(self, run, checkpoint):
        if os.environ["KILL"] == f"saved {checkpoint.number:06d}" and run.attempt == 1:
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    "moment", ["before 000001", "before 000010", "between 000010", "after 000010", "saved 000010"]
)
def test_killed_inside_a_checkpoint(unbroken, tmp_path, monkeypatch, moment):
    monkeypatch.setenv("KILL", moment)
    process = KernelProcess(tmp_path, WALK + KILL_IN_THE_WRITE)
    assert process.run(*OFTEN, trainer="Killed").returncode == -signal.SIGKILL
    assert process.status.state == "stopped"
    assert process.status.reason == "its process died"
    process.resume_here()
    assert_equal_runs(process, unbroken)
    assert not list(process.files.checkpoints.glob(".*"))


SYSTEM_CALLS = """
import mlkernel.checkpoint.checkpoint_store as store, mlkernel.checkpoint.manifest as manifest, shutil

class Killed(Tiny):
    def __init__(self, run):
        super().__init__(run)
        if run.attempt == 1:
            self.count = 0
            for place, name in [(os, "fsync"), (os, "rename"), (os, "replace"), (shutil, "rmtree"), (os, "mkdir")]:
                setattr(place, name, self.counted(getattr(place, name)))

    def counted(self, call):
        def count_and_call(*words, **options):
            self.count += 1
            if self.count == int(os.environ["KILL"]):
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*words, **options)
        return count_and_call
"""


@pytest.mark.slow
@pytest.mark.parametrize("call", range(1, 60, 2))
def test_killed_before_any_system_call_of_a_checkpoint(unbroken, tmp_path, monkeypatch, call):
    monkeypatch.setenv("KILL", str(call))
    process = KernelProcess(tmp_path, WALK + SYSTEM_CALLS)
    assert process.run(*OFTEN, trainer="Killed").returncode == -signal.SIGKILL
    process.resume_here()
    assert_equal_runs(process, unbroken)


@pytest.mark.slow
def test_killed_at_random_moments(unbroken, tmp_path):
    """25 runs, each killed twice, somewhere in or after two iterations drawn by chance."""
    chance = random.Random(2)
    for number in range(25):
        folder = tmp_path / str(number)
        folder.mkdir()
        process = KernelProcess(folder, WALK, hash_seed=str(number))
        started = process.start_run(*OFTEN, "rest=0.02")
        for iteration in sorted(chance.sample(range(11), 2)):
            process.wait_for_iteration(iteration, started)
            time.sleep(chance.uniform(0, 0.06))
            kill(started)
            started = process.start("resume", "latest")
        started.communicate()
        assert process.status.state == "finished"
        assert_equal_runs(process, unbroken)


def test_killed_three_times_in_iterations(unbroken, tmp_path):
    process = KernelProcess(tmp_path, WALK)
    started = process.start_run(*OFTEN, "rest=0.05")
    for number in (2, 5, 8):
        process.wait_for_iteration(number, started)
        kill(started)
        started = process.start("resume", "latest")
    started.communicate()
    assert started.returncode == 0
    assert_equal_runs(process, unbroken)
    assert [attempt.outcome for attempt in process.status.attempts] == ["stopped"] * 3 + ["finished"]
    assert not list(process.files.path.glob(".*"))


def test_killed_before_the_first_checkpoint_begins_anew(unbroken, tmp_path):
    process = KernelProcess(tmp_path, WALK)
    started = process.start_run("rest=0.2", "checkpoint.every_seconds=null")
    process.wait_for_iteration(0, started)
    kill(started)
    assert process.resume().returncode == 0
    assert_equal_runs(process, unbroken)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.fixture
def stopped_run(tmp_path):
    """Asked to stop at the end of its eighth iteration, with two checkpoints left."""
    folder = TrainerFolder(
        tmp_path,
        WALK
        + """
class Stopping(Tiny):
    @hookimpl
    def on_iteration_ended(self, run, phase, completed):
        if phase == "train" and completed == 8 and run.attempt == 1:
            os.kill(os.getpid(), signal.SIGTERM)
""",
    )
    assert folder.start_here(*OFTEN, "checkpoint.keep_best=0", trainer="Stopping").exit_code == 75
    return folder


@pytest.mark.parametrize(
    "damage",
    [
        lambda place: flip(place / "state.json"),
        lambda place: flip(place / "numpy.npz"),
        lambda place: (place / "numpy.npz").write_bytes((place / "numpy.npz").read_bytes()[:-40]),
        lambda place: (place / "state.json").unlink(),
        lambda place: (place / "manifest.json").unlink(),
    ],
    ids=["flipped state", "flipped arrays", "cut arrays", "no state", "no manifest"],
)
def test_a_damaged_newest_checkpoint_costs_only_repeated_work(unbroken, stopped_run, damage, capsys):
    newest = max(stopped_run.files.checkpoints.iterdir())
    damage(newest)
    assert stopped_run.resume_here().exit_code == 0
    told = capsys.readouterr().err
    assert "a checkpoint is damaged; the one before is used" in told
    assert newest.name in told
    assert_equal_runs(stopped_run, unbroken)


def test_when_all_checkpoints_are_damaged_resuming_is_refused_with_exit_code_2(stopped_run, capsys):
    places = sorted(stopped_run.files.checkpoints.iterdir())
    metrics = stopped_run.metrics
    for place in places:
        flip(place / "state.json")
    for _ in range(2):
        assert main(["resume", str(stopped_run.files.path)]) == 2
        told = capsys.readouterr().err
        assert all(place.name in told for place in places)
    assert stopped_run.metrics == metrics


def test_metrics_that_were_cut_are_refused(stopped_run):
    stopped_run.files.metrics.write_text("")
    with pytest.raises(UsageError, match=r"metrics\.jsonl has 0 bytes"):
        stopped_run.resume_here()


def test_a_finished_run_can_be_extended_and_later_phases_are_done_again(tmp_path):
    folder = TrainerFolder(tmp_path, WALK)
    folder.start_here("iterations=5")
    drawn = folder.final_state()["drawn"]
    folder.resume_here("trainer.iterations=8")
    assert [record[1] for record in folder.metrics if record[0] == "train"] == list(range(8))
    assert [record[:2] for record in folder.metrics if record[0] == "test"] == [
        ("test", i) for i in (0, 1, 2)
    ] * 2
    assert folder.final_state()["drawn"] != drawn
    assert folder.status.progress == {"train": (8, 8), "test": (3, 3)}
    assert [attempt.outcome for attempt in folder.status.attempts] == ["finished", "finished"]
    revision = json.loads(folder.files.plan.read_text())["revisions"][0]
    assert revision == {"attempt": 2, "changes": {"trainer.iterations": 8}}
