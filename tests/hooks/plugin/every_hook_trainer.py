"""A trainer that gives every hook a reason to be called."""

from pathlib import Path
from typing import Literal

from attrs import frozen

from mlkernel import FineTuneRequest, Trainer, Trial, option


@frozen(kw_only=True)
class EveryHookConfig:
    ending: Literal["finish", "stop", "fail"] = option("finish", help="How the run shall end.")

    @property
    def stoppable(self) -> bool:
        return self.ending == "stop"


class EveryHookTrainer(Trainer):
    Config = EveryHookConfig

    def __init__(self, run):
        super().__init__(run)
        self.total = 0
        self.loss_module = run.hooks.ask("make_loss_module", run=run, trainer=self, name="ours")

    def phases(self):
        return {"train": 3, "test": 1}

    def train(self):
        for iteration in self.run.loop("train", total=3):
            self.total += iteration.number
            iteration.log(total=self.total)
            self.run.hooks.notifier("on_losses_computed")(run=self.run, losses={"loss": 0.5})
            self.run.report("total", self.total)
            if self.config.ending == "fail":
                raise ValueError("as asked")
        for iteration in self.run.loop("test", total=1):
            iteration.log(loss_module=len(self.loss_module))
        with self.run.artifact("note.txt") as path:
            path.write_text("kept")
        self.run_a_fine_tune_job()
        self.play_a_study()

    def run_a_fine_tune_job(self):
        ask = self.run.hooks.ask
        request = FineTuneRequest(
            key="key-1", provider="p", model="m", method="dpo", training_file=Path("pairs.jsonl")
        )
        job = ask("create_fine_tune_job", run=self.run, request=request)
        job = ask("poll_fine_tune_job", run=self.run, job=job)
        self.run.hooks.notifier("on_fine_tune_job_changed")(run=self.run, job=job, previous=None)
        ask("cancel_fine_tune_job", run=self.run, job=job)

    def play_a_study(self):
        notify = self.run.hooks.notifier
        trial = Trial(number=0, run_id=self.run.id, parameters={"trainer.lr": 0.1}, state="finished")
        notify("on_study_started")(study="s")
        notify("on_trial_started")(study="s", trial=trial)
        notify("on_trial_reported")(study="s", trial=trial, metric="total", value=3.0)
        notify("on_trial_ended")(study="s", trial=trial)
        notify("on_study_finished")(study="s")

    def state_dict(self):
        return {"total": self.total}

    def load_state_dict(self, state):
        self.total = state["total"]
