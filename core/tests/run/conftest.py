import pytest

from .kernel_process import KernelProcess, TrainerFolder

HEAD = """
import json, os, random, signal, sys, time
from pathlib import Path

from attrs import frozen
from mlkernel import Trainer, attach_progress_bar, hookimpl, option


def announce(number):
    folder = Path(__file__).parent
    (folder / "announcing").write_text(str(number))
    (folder / "announcing").replace(folder / "announced")


class Base(Trainer):
    @frozen(kw_only=True)
    class Config:
        iterations: int = option(4, help="Iterations.")

    def __init__(self, run):
        super().__init__(run)
        self.trail = []

    def state_dict(self):
        return {"trail": self.trail}

    def load_state_dict(self, state):
        self.trail = state["trail"]

    def train(self):
        for iteration in self.run.loop("train", self.config.iterations):
            self.trail.append(iteration.number)
            self.step(iteration)

    def step(self, iteration):
        pass


"""


@pytest.fixture
def trainer_folder(tmp_path):
    """Makes a folder with trainers; classes of the source may derive from ``Base``."""
    return lambda source: TrainerFolder(tmp_path, HEAD + source)


@pytest.fixture
def kernel_process(tmp_path):
    """Makes a folder where ``kernel`` commands are typed."""
    return lambda source: KernelProcess(tmp_path, HEAD + source)
