"""What a trainer logs, keeps, notes and reports, and which checkpoints stay."""

import pytest

from mlkernel import read_metrics
from mlkernel.checkpoint.manifest import read_manifest
from mlkernel.errors import TrainingError, UsageError

EVERY = "checkpoint.every_iterations=1"
NEVER = "checkpoint.every_seconds=null"


@pytest.mark.parametrize("metric", ["'high'", "None", "[1.0]", "object()"])
def test_logging_anything_but_numbers_fails_by_name(trainer_folder, metric):
    folder = trainer_folder(f"""
class Tiny(Base):
    def step(self, iteration):
        iteration.log(loss={metric})
""")
    with pytest.raises(TrainingError, match="the metric 'loss' must be a number"):
        folder.start_here()


def test_time_goes_on_over_attempts(trainer_folder):
    folder = trainer_folder("""
class Tiny(Base):
    def step(self, iteration):
        iteration.log({"a-b": 1}, number=iteration.number)
        if iteration.number == 1 and self.run.attempt == 1:
            os.kill(os.getpid(), signal.SIGTERM)
""")
    assert folder.start_here().exit_code == 75
    folder.resume_here()
    records = read_metrics(folder.files.path)
    assert [record.metrics for record in records] == [{"a-b": 1, "number": number} for number in range(4)]
    times = [record.time for record in records]
    assert times == sorted(times)


def test_a_record_is_seen_while_nothing_follows_it(trainer_folder):
    folder = trainer_folder("""
from mlkernel import read_metrics

class Tiny(Base):
    def step(self, iteration):
        iteration.log(loss=1.0)
        if iteration.number == 1:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and len(read_metrics(self.run.directory)) < 2:
                time.sleep(0.05)
            self.run.note("seen", len(read_metrics(self.run.directory)))
""")
    folder.start_here("checkpoint.every_seconds=null")
    assert folder.status.notes == {"seen": 2}


ARTIFACT = """
class Tiny(Base):
    def train(self):
        try:
            with self.run.artifact("plots/curve.txt") as path:
                path.write_text("half")
                assert path.suffix == ".txt"
                assert not (self.run.directory / "artifacts/plots/curve.txt").exists()
                if self.run.attempt == 1:
                    raise RuntimeError("in the middle")
                path.write_text("whole")
        finally:
            self.run.note("left", [str(p.name) for p in (self.run.directory / "artifacts").rglob("*")])
"""


def test_an_artifact_is_complete_or_absent(trainer_folder):
    folder = trainer_folder(ARTIFACT)
    with pytest.raises(TrainingError):
        folder.start_here()
    assert folder.status.notes == {"left": ["plots"]}
    folder.resume_here()
    assert folder.status.notes == {"left": ["plots", "curve.txt"]}
    assert (folder.files.artifacts / "plots" / "curve.txt").read_text() == "whole"


@pytest.mark.parametrize(
    "name", ["../escaped", "/escaped", "a/../../escaped", "", ".", "a/..", "link/escaped"]
)
def test_an_artifact_cannot_leave_its_folder(trainer_folder, name):
    folder = trainer_folder(f"""
class Tiny(Base):
    def train(self):
        artifacts = self.run.directory / "artifacts"
        artifacts.mkdir()
        (artifacts / "link").symlink_to(Path(__file__).parent)
        with self.run.artifact({name!r}) as path:
            path.write_text("x")
""")
    with pytest.raises(UsageError, match="would not lie in"):
        folder.start_here()
    assert not list(folder.folder.rglob("escaped"))


def test_an_artifact_that_was_not_written_is_an_error(trainer_folder):
    folder = trainer_folder("""
class Tiny(Base):
    def train(self):
        with self.run.artifact("curve.txt"):
            pass
""")
    with pytest.raises(UsageError, match=r"artifact 'curve\.txt' was not written"):
        folder.start_here()


def test_notes_stay_over_attempts_as_they_were_when_noted(trainer_folder):
    folder = trainer_folder("""
class Tiny(Base):
    def train(self):
        words = ["first"]
        self.run.note(f"attempt {self.run.attempt}", words)
        words.append("too late")
        if self.run.attempt == 1:
            raise RuntimeError("once")
""")
    with pytest.raises(TrainingError):
        folder.start_here()
    folder.resume_here()
    assert folder.status.notes == {"attempt 1": ["first"], "attempt 2": ["first"]}


def test_a_note_that_cannot_be_written_is_refused_at_once(trainer_folder):
    folder = trainer_folder("""
class Tiny(Base):
    def train(self):
        self.run.note("model", object())
""")
    with pytest.raises(TrainingError, match="the note 'model' cannot be written"):
        folder.start_here()


REPORTING = """
VALUES = [3.0, float("nan"), 5.0, 1.0, 5.0, 4.0]


class Tiny(Base):
    def __init__(self, run):
        super().__init__(run)
        self.number = -1

    def state_dict(self):
        return {"number": self.number}

    def load_state_dict(self, state):
        self.number = state["number"]

    def train(self):
        for iteration in self.run.loop("train", len(VALUES)):
            self.number = iteration.number
            self.run.report("score", VALUES[iteration.number], mode=self.mode)
        self.run.note("best state", self.run.best_state())

    mode = "max"


class Least(Tiny):
    mode = "min"
"""


@pytest.mark.parametrize(("trainer", "number", "value"), [("Tiny", 2, 5.0), ("Least", 3, 1.0)])
def test_the_state_of_the_best_report_is_kept(trainer_folder, trainer, number, value):
    folder = trainer_folder(REPORTING)
    folder.start_here(EVERY, "checkpoint.keep_last=1", trainer=trainer)
    best = folder.status.best
    assert best is not None
    assert (best.metric, best.value) == ("score", value)
    assert folder.status.notes == {"best state": {"number": number}}
    assert folder.checkpoints == [f"{number + 1:06d}", "000007"]  # one for each iteration, and one at the end


def test_a_report_makes_a_checkpoint_only_when_it_is_better(trainer_folder):
    folder = trainer_folder(REPORTING)
    folder.start_here(NEVER, "checkpoint.keep_last=9", "checkpoint.keep_best=9")
    assert folder.checkpoints == ["000001", "000002", "000003"]


@pytest.mark.parametrize("second", ['"other"', '"score", mode="min"'])
def test_a_run_is_compared_by_one_metric(trainer_folder, second):
    folder = trainer_folder(
        """
class Tiny(Base):
    def step(self, iteration):
        self.run.report("score", 1.0)
        self.run.report(SECOND, value=2.0)
""".replace("SECOND", second)
    )
    with pytest.raises(UsageError, match=r"compared by score \(max\) and now reports"):
        folder.start_here()


@pytest.mark.parametrize("name", ["trainer", "memory"])
def test_a_name_keeps_one_object(trainer_folder, name):
    folder = trainer_folder(
        f"""
class Tiny(Base):
    def __init__(self, run):
        super().__init__(run)
        run.keep("memory", self)
        run.keep({name!r}, self)
"""
    )
    with pytest.raises(UsageError, match=f"two objects are kept as '{name}'"):
        folder.start_here()


def test_a_damaged_best_checkpoint_is_not_used(trainer_folder, capsys):
    folder = trainer_folder(REPORTING)
    folder.start_here(NEVER, "checkpoint.keep_best=2")
    (folder.files.checkpoints / "000002" / "state.json").write_text("{}")
    folder.resume_here("checkpoint.keep_best=3")
    assert folder.status.notes == {"best state": {"number": 0}}
    assert "the best checkpoint is damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("overrides", "kept"),
    [
        ([EVERY, NEVER, "checkpoint.keep_last=3"], [9, 10, 10]),
        ([EVERY, NEVER, "checkpoint.keep_last=1", "checkpoint.keep_every=3"], [3, 6, 9, 10]),
        (["checkpoint.every_iterations=4", NEVER, "checkpoint.keep_last=9"], [4, 8, 10]),
        ([NEVER, "checkpoint.keep_last=1", "checkpoint.keep_every=5"], [5, 10, 10]),
        (["checkpoint.every_seconds=0", "checkpoint.keep_last=2"], [10, 10]),
        ([NEVER, "checkpoint.keep_last=9"], [10]),
    ],
    ids=[
        "keep_last",
        "keep_every",
        "every_iterations",
        "keep_every alone",
        "every_seconds",
        "only at the end",
    ],
)
def test_which_checkpoints_are_made_and_stay(trainer_folder, overrides, kept):
    """The last one is made after training, in the state of the last iteration."""
    folder = trainer_folder("class Tiny(Base):\n    pass\n")
    folder.start_here("iterations=10", *overrides)
    manifests = [read_manifest(folder.files.checkpoints / name) for name in folder.checkpoints]
    assert [manifest.completed["train"] for manifest in manifests] == kept
