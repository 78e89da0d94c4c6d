import pytest

from mlkernel.errors import TrainingError, UsageError

EVERY = "checkpoint.every_iterations=1"


def trail(folder):
    """The numbers that a trainer wrote down, one by one, whatever happened to it."""
    path = folder.folder / "trail"
    return path.read_text().split() if path.exists() else []


WRITE = """
def write(word):
    with (Path(__file__).parent / "trail").open("a") as file:
        file.write(f"{word} ")
"""


def test_a_loop_goes_on_where_the_last_checkpoint_was_made(trainer_folder):
    folder = trainer_folder(
        WRITE
        + """
class Tiny(Base):
    def step(self, iteration):
        write(iteration.number)
        if iteration.number == 2 and self.run.attempt == 1:
            raise RuntimeError("once")
"""
    )
    with pytest.raises(TrainingError):
        folder.start_here(EVERY)
    folder.resume_here()
    assert trail(folder) == ["0", "1", "2", "2", "3"]


def test_a_failure_between_checkpoints_loses_only_the_iteration_that_failed(trainer_folder):
    folder = trainer_folder(
        WRITE
        + """
class Tiny(Base):
    def step(self, iteration):
        write(iteration.number)
        if iteration.number == 2 and self.run.attempt == 1:
            raise RuntimeError("once")
"""
    )
    with pytest.raises(TrainingError):
        folder.start_here("checkpoint.every_seconds=null")
    folder.resume_here()
    assert trail(folder) == ["0", "1", "2", "2", "3"]


NESTED = (
    WRITE
    + """
class Tiny(Base):
    def train(self):
        for outer in self.run.loop("outer", 2):
            with self.run.loop("inner", 3, resumable=True) as inner:
                if inner.completed == 0:
                    write(f"begin{outer.number}")
                while inner.completed < 3:
                    write(f"{outer.number}.{inner.completed}")
                    self.fail_at(outer.number, inner.completed)
                    inner.current().log(value=outer.number)
                    inner.advance()
            for check in self.run.loop("check", 2, resumable=True):
                write(f"{outer.number}c{check.number}")
        for _ in self.run.loop("last", 1):
            write("last")

    def fail_at(self, outer, inner):
        if (outer, inner) == (1, 1) and self.run.attempt == 1:
            raise RuntimeError("once")
"""
)


def test_nested_loops_that_are_resumable_go_on_in_the_inner_one(trainer_folder):
    folder = trainer_folder(NESTED)
    with pytest.raises(TrainingError):
        folder.start_here(EVERY)
    folder.resume_here()
    before = ["begin0", "0.0", "0.1", "0.2", "0c0", "0c1", "begin1", "1.0", "1.1"]
    assert trail(folder) == [*before, "1.1", "1.2", "1c0", "1c1", "last"]
    assert [(phase, number) for phase, number, _ in folder.metrics] == [
        ("outer/inner", i) for i in (0, 1, 2)
    ] * 2


def test_phases_are_announced_with_their_path_and_what_is_done(trainer_folder):
    folder = trainer_folder(
        NESTED
        + """
    @hookimpl
    def on_phase_started(self, phase, total, completed):
        write(f"[{phase}:{completed}/{total}")

    @hookimpl
    def on_phase_ended(self, phase):
        write(f"{phase}]")
"""
    )

    def announced():
        return [word for word in trail(folder) if "[" in word or "]" in word]

    with pytest.raises(TrainingError):
        folder.start_here(EVERY)
    first = announced()
    # The exception left an inner and an outer loop, and neither has ended.
    assert first == [
        *("[outer:0/2", "[outer/inner:0/3", "outer/inner]", "[outer/check:0/2", "outer/check]"),
        "[outer/inner:0/3",
    ]
    folder.resume_here()
    assert announced()[len(first) :] == [
        *("[outer:1/2", "[outer/inner:1/3", "outer/inner]", "[outer/check:0/2", "outer/check]", "outer]"),
        *("[last:0/1", "last]"),
    ]


def test_break_ends_a_loop_for_good(trainer_folder):
    folder = trainer_folder(
        WRITE
        + """
class Tiny(Base):
    def train(self):
        for open_ended in self.run.loop("search"):
            write(f"s{open_ended.number}")
            if open_ended.number == 2:
                break
        for bounded in self.run.loop("bounded", 10):
            write(f"b{bounded.number}")
            if bounded.number == 1:
                break
        for after in self.run.loop("after", 3):
            write(f"a{after.number}")
            if after.number == 1 and self.run.attempt == 1:
                raise RuntimeError("once")
"""
    )
    with pytest.raises(TrainingError):
        folder.start_here(EVERY)
    folder.resume_here()
    assert trail(folder) == ["s0", "s1", "s2", "b0", "b1", "a0", "a1", "a1", "a2"]
    assert folder.status.progress == {"search": (2, None), "bounded": (1, 10), "after": (3, 3)}


def test_an_exception_that_the_trainer_catches_ends_a_loop_like_break(trainer_folder):
    folder = trainer_folder(
        """
class Tiny(Base):
    def train(self):
        try:
            for iteration in self.run.loop("first", 5):
                if iteration.number == 2:
                    raise LookupError
        except LookupError:
            pass
        for iteration in self.run.loop("second", 1):
            iteration.log(x=1)

    @hookimpl
    def on_phase_ended(self, run, phase):
        run.note(phase, "ended")
"""
    )
    assert folder.start_here().exit_code == 0
    assert folder.status.notes == {"first": "ended", "second": "ended"}


def test_an_exception_that_the_trainer_catches_ends_a_decorated_phase(trainer_folder):
    folder = trainer_folder(
        """
class Tiny(Base):
    def train(self):
        try:
            self._run_first_loop()
        except LookupError:
            pass
        for iteration in self.run.loop("second", 1):
            iteration.log(x=1)

    @attach_progress_bar(lambda self: 5)
    def _run_first_loop(self, iteration_context):
        for iteration in iteration_context:
            if iteration.number == 2:
                raise LookupError

    @hookimpl
    def on_phase_ended(self, run, phase):
        run.note(phase, "ended")
"""
    )
    assert folder.start_here().exit_code == 0
    assert folder.status.notes == {"first": "ended", "second": "ended"}


@pytest.mark.parametrize("name", ["", "train/epoch"])
def test_a_loop_without_a_name_of_its_own_is_refused(trainer_folder, name):
    folder = trainer_folder(
        f"""
class Tiny(Base):
    def train(self):
        for _ in self.run.loop({name!r}, 2):
            pass
"""
    )
    with pytest.raises(UsageError, match="is no name of a loop"):
        folder.start_here()


def test_two_loops_of_one_name_are_refused(trainer_folder):
    folder = trainer_folder(
        """
class Tiny(Base):
    def train(self):
        for _ in range(2):
            for _ in self.run.loop("twice", 1):
                pass
"""
    )
    with pytest.raises(UsageError, match="two loops are named 'twice'"):
        folder.start_here()


def test_extending_a_finished_run_does_later_phases_again(trainer_folder):
    folder = trainer_folder(
        WRITE
        + """
class Tiny(Base):
    def train(self):
        for phase, total in (("before", 1), ("train", self.config.iterations), ("after", 2)):
            for iteration in self.run.loop(phase, total):
                write(f"{phase[0]}{iteration.number}")
"""
    )
    folder.start_here("iterations=1")
    folder.resume_here("trainer.iterations=3")
    assert trail(folder) == ["b0", "t0", "a0", "a1", "t1", "t2", "a0", "a1"]


DECORATED = (
    WRITE
    + """
class Tiny(Base):
    def train(self):
        self._run_fit_loop()
        self.evaluate()

    @attach_progress_bar(lambda self: self.config.iterations)
    def _run_fit_loop(self, *, iteration_context):
        assert iteration_context.num_iterations == self.config.iterations
        for iteration in iteration_context:
            iteration_context.set_description("fitting")
            write(f"f{iteration.number}")
            if iteration.number == 2 and self.run.attempt == 1:
                raise RuntimeError("once")

    @attach_progress_bar(lambda self: 2, phase="test")
    def evaluate(self, *, iteration_context):
        while iteration_context.completed < iteration_context.num_iterations:
            write(f"t{iteration_context.completed}")
            iteration_context.step()

    @hookimpl
    def on_run_started(self, run):
        run.note("phases", self.phases())
"""
)


def test_decorated_phases_resume_and_are_known_before_training(trainer_folder):
    folder = trainer_folder(DECORATED)
    with pytest.raises(TrainingError):
        folder.start_here(EVERY)
    assert folder.status.notes == {"phases": {"fit": 4, "test": 2}}
    folder.resume_here()
    assert trail(folder) == ["f0", "f1", "f2", "f2", "f3", "t0", "t1"]


def test_one_step_too_many_is_an_error(trainer_folder):
    folder = trainer_folder(
        """
class Tiny(Base):
    @attach_progress_bar(lambda self: 2)
    def train(self, *, iteration_context):
        for _ in range(3):
            iteration_context.step()
"""
    )
    with pytest.raises(UsageError, match="stepped more often than its total of 2"):
        folder.start_here()


def test_the_trainer_itself_may_ask_to_stop(trainer_folder):
    folder = trainer_folder(
        """
class Tiny(Base):
    def step(self, iteration):
        time.sleep(0.11)

    @hookimpl
    def should_stop(self, completed):
        return "good enough" if completed >= 2 and self.run.attempt == 1 else None
"""
    )
    outcome = folder.start_here()
    assert (outcome.exit_code, outcome.reason) == (75, "good enough")
    assert folder.status.progress == {"train": (2, 4)}
    assert folder.resume_here().exit_code == 0
