"""Set-up draws the same numbers in every attempt; training goes on where the checkpoint was made."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from mlkernel.testing import resume_in_process, run_in_process

TRAINER = """
import random
from attrs import frozen
from mlkernel import Trainer, option

class DrawsDuringSetUp(Trainer):
    @frozen(kw_only=True)
    class Config:
        fails_at: int | None = option(None, help="Step at which the first attempt fails.")

    def __init__(self, run):
        super().__init__(run)
        stream = run.random("everything")
        self.data = [stream.random(), float(stream.numpy.random()), random.random()]

    def train(self):
        stream = self.run.random("everything")
        for iteration in self.run.loop("outer", total=3):
            for step in self.run.loop("inner", total=4, resumable=True):
                if self.run.attempt == 1 and 4 * iteration.number + step.number == self.config.fails_at:
                    raise RuntimeError("as asked")
                step.log(
                    stream=stream.random(),
                    numpy=float(stream.numpy.random()),
                    shared=random.random(),
                    late=self.run.random("late").random(),
                    data=sum(self.data),
                )
"""


@pytest.mark.parametrize("fails_at", [0, 1, 3, 4, 9, 11])
def test_a_resumed_run_draws_what_an_uninterrupted_one_draws(tmp_path: Path, fails_at: int) -> None:
    file = tmp_path / "draws.py"
    file.write_text(TRAINER)
    trainer = f"{file}:DrawsDuringSetUp"
    whole = run_in_process(trainer, runs=tmp_path / "whole")

    options = [f"fails_at={fails_at}", "checkpoint.every_iterations=1"]
    failed = run_in_process(trainer, options, runs=tmp_path / "failed")
    random.seed(fails_at)  # whatever the process did before it resumes
    resumed = resume_in_process(failed.directory)

    assert failed.state == "failed"
    assert resumed.state == "finished"
    assert resumed.logged == whole.logged
