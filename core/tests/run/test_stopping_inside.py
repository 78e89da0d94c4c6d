"""Trainers that look inside an iteration whether they shall stop: the run goes on from the last boundary."""

import pytest

from mlkernel.records.status import read_status

LOOKS = """
from mlkernel import RunStopped

class Tiny(Base):
    def __init__(self, run):
        super().__init__(run)
        self.draws = []

    def state_dict(self):
        return {"trail": self.trail, "draws": self.draws}

    def load_state_dict(self, state):
        self.trail, self.draws = state["trail"], state["draws"]

    def step(self, iteration):
        self.draws.append(self.run.random("draws").random())
        paid = self.run.once(f"pay-{iteration.number}", self.pay)
        if iteration.number == INSIDE and self.run.attempt == 1:
            assert self.run.stop_reason is None
            self.run.stop_if_asked()  # nobody asked yet
            self.interrupt()
        self.draws.append(self.run.random("draws").random())
        iteration.log(paid=paid, drawn=sum(self.draws))

    def interrupt(self):
        pass

    def pay(self):
        bill = Path(__file__).parent / f"bill-{self.run.id}"
        with bill.open("a") as file:
            file.write("paid\\n")
        return len(bill.read_text().splitlines())


class Signalled(Tiny):
    def interrupt(self):
        os.kill(os.getpid(), signal.SIGTERM)
        assert self.run.stop_reason == "SIGTERM"
        try:
            self.run.stop_if_asked()
        except Exception:
            raise AssertionError("an except clause for errors has caught the stop")
        raise AssertionError("not stopped")


class Budgeted(Tiny):
    def interrupt(self):
        raise RunStopped("budget of 3 reached")
"""


@pytest.mark.parametrize(
    ("trainer", "reason"), [("Signalled", "SIGTERM"), ("Budgeted", "budget of 3 reached")]
)
@pytest.mark.parametrize("inside", [0, 2])
def test_nothing_is_lost_and_nothing_is_paid_twice(trainer_folder, trainer, reason, inside):
    folder = trainer_folder(LOOKS.replace("INSIDE", str(inside)))
    folder.start_here(trainer="Tiny")
    unbroken = folder.metrics
    stopped = folder.start_here("checkpoint.every_seconds=null", trainer=trainer)
    assert (stopped.exit_code, stopped.reason) == (75, reason)
    status = read_status(folder.files)
    assert (status.state, status.reason) == ("stopped", reason)
    if inside:
        manifest = folder.files.checkpoints / folder.checkpoints[-1] / "manifest.json"
        assert f'"train": {inside}' in manifest.read_text()
    assert folder.resume_here().exit_code == 0
    assert folder.metrics == unbroken
    assert (folder.folder / f"bill-{folder.files.run_id}").read_text().count("paid") == 4


def test_listeners_hear_of_the_checkpoint_and_then_of_the_stop(trainer_folder, tmp_path):
    from mlkernel import hookimpl, start_run

    heard = []

    class Listener:
        @hookimpl
        def on_checkpoint_saved(self, checkpoint):
            heard.append(("saved", checkpoint.manifest.completed))

        @hookimpl
        def on_run_stopped(self, reason):
            heard.append(("stopped", reason))

    folder = trainer_folder(LOOKS.replace("INSIDE", "1"))
    overrides = ["run.progress_bar=none", "checkpoint.every_seconds=null"]
    start_run(f"{folder.trainer}:Budgeted", overrides=overrides, runs=folder.runs, listeners=[Listener()])
    assert heard == [("saved", {"train": 1}), ("stopped", "budget of 3 reached")]
