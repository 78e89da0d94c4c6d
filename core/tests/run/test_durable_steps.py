import signal

import pytest

from mlkernel.errors import TrainingError

KILLED_AFTER = """
def paid(number):
    with (Path(__file__).parent / "bills").open("a") as file:
        file.write(f"{number}\\n")
    return {"job": number, "pair": (1, 2)}


class Tiny(Base):
    def train(self):
        for iteration in self.run.loop("train", 3):
            result = self.run.once(f"submit {iteration.number}", lambda: paid(iteration.number))
            if iteration.number == 1 and self.run.attempt == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            self.run.note(str(iteration.number), result)
"""


def test_a_step_is_not_done_twice_when_the_process_is_killed_right_after_it(kernel_process):
    process = kernel_process(KILLED_AFTER)
    assert process.run("checkpoint.every_seconds=null").returncode == -signal.SIGKILL
    assert process.resume_here().exit_code == 0  # from the very beginning: no checkpoint was made
    assert (process.folder / "bills").read_text().split() == ["0", "1", "2"]
    assert process.status.notes["1"] == {"job": 1, "pair": [1, 2]}


def test_a_step_that_failed_is_done_again(trainer_folder):
    folder = trainer_folder(
        """
class Tiny(Base):
    def train(self):
        self.run.note("answer", self.run.once("ask", self.ask))

    def ask(self):
        if self.run.attempt == 1:
            raise ConnectionError("no answer")
        return 42
"""
    )
    with pytest.raises(TrainingError, match="no answer"):
        folder.start_here()
    folder.resume_here()
    assert folder.status.notes == {"answer": 42}


def test_every_call_gives_the_types_and_values_that_a_later_attempt_will_get(trainer_folder):
    folder = trainer_folder(
        """
RESULTS = [None, True, 3, 2.5, float("inf"), "text", [1, [2]], {"a": {"b": None}}, (1, 2), {1: "x"}]


class Tiny(Base):
    def train(self):
        results = []
        for number, result in enumerate(RESULTS):
            first = self.run.once(f"step {number}", lambda: result)
            results.append(first)
            if isinstance(first, list):
                first.append("changed by the caller")
        again = [self.run.once(f"step {number}", pytest_would_fail) for number in range(len(RESULTS))]
        self.run.note("again", again)
        if self.run.attempt == 1:
            raise RuntimeError("once")


def pytest_would_fail():
    raise AssertionError("the step was done")
"""
    )
    with pytest.raises(TrainingError, match="RuntimeError: once"):
        folder.start_here()
    first = folder.status.notes["again"]
    folder.resume_here()
    assert first == folder.status.notes["again"]
    assert first == [
        None,
        True,
        3,
        2.5,
        float("inf"),
        "text",
        [1, [2]],
        {"a": {"b": None}},
        [1, 2],
        {"1": "x"},
    ]


def test_a_result_that_cannot_be_written_is_refused_by_name(trainer_folder):
    folder = trainer_folder(
        """
class Tiny(Base):
    def train(self):
        self.run.once("make", object)
"""
    )
    with pytest.raises(TrainingError, match="the result of step 'make' cannot be journalled"):
        folder.start_here()


def test_a_torn_last_line_of_the_journal_is_a_step_that_was_not_done(trainer_folder):
    folder = trainer_folder(
        """
class Tiny(Base):
    def train(self):
        results = [self.run.once(name, lambda: self.run.attempt) for name in ("one", "two", "three")]
        self.run.note("attempts", results)
        if self.run.attempt < 3:
            raise RuntimeError("again")
"""
    )
    with pytest.raises(TrainingError):
        folder.start_here()
    content = folder.files.journal.read_bytes()
    folder.files.journal.write_bytes(content[:-5])
    with pytest.raises(TrainingError):
        folder.resume_here()
    folder.resume_here()
    assert folder.status.notes == {"attempts": [1, 1, 2]}


def test_a_damaged_line_of_the_journal_is_named(trainer_folder, capsys):
    folder = trainer_folder(
        """
class Tiny(Base):
    def train(self):
        self.run.once("one", lambda: 1)
        self.run.once("two", lambda: 2)
        raise RuntimeError("again")
"""
    )
    from mlkernel.cli.main import main

    with pytest.raises(TrainingError):
        folder.start_here()
    folder.files.journal.write_text("{damaged\n" + folder.files.journal.read_text())
    assert main(["resume", str(folder.files.path)]) == 2
    assert "journal.jsonl:1 is damaged" in capsys.readouterr().err
