"""A run is extended by a larger total, and refuses a smaller one than it has done."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlkernel import PluginError, UsageError, resume_run, start_run

TRAINER = """
from attrs import frozen
from mlkernel import Trainer, option

class Counts(Trainer):
    @frozen(kw_only=True)
    class Config:
        iterations: int = option(5, help="How many.")

    def train(self):
        for iteration in self.run.loop("train", self.config.iterations):
            iteration.log(number=iteration.number)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "counts.py"
    path.write_text(TRAINER)
    return path


def test_a_finished_run_is_extended(file: Path, tmp_path: Path) -> None:
    run = start_run(f"{file}:Counts", runs=tmp_path / "runs", listeners=[]).directory
    outcome = resume_run(run, overrides=["iterations=8"], listeners=[])
    assert outcome.status.progress == {"train": (8, 8)}


def test_a_run_cannot_be_made_shorter_than_it_is(file: Path, tmp_path: Path) -> None:
    run = start_run(f"{file}:Counts", runs=tmp_path / "runs", listeners=[]).directory
    with pytest.raises(UsageError, match=r"done 5 iterations already, more than its total of 3"):
        resume_run(run, overrides=["iterations=3"], listeners=[])
    assert resume_run(run, overrides=["iterations=6"], listeners=[]).status.state == "finished"


def test_an_abstract_class_is_refused_before_anything_is_made(file: Path, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"is abstract; it does not define train"):
        start_run(f"{file}:Trainer", runs=tmp_path / "runs", listeners=[])
    assert list((tmp_path / "runs").iterdir()) == []
