"""Runs of tiny trainers in processes of their own, as users start them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from mlkernel.records.metrics import read_metrics
from mlkernel.records.run_directory import RunDirectory, run_directories
from mlkernel.records.status import read_status
from mlkernel.run.session import resume_run, start_run

PATIENCE_SECONDS = 120.0


class TrainerFolder:
    """A folder with trainers in ``trainer.py`` and the runs that they made."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder = folder
        self.trainer = folder / "trainer.py"
        self.trainer.write_text(source, encoding="utf-8")
        self.runs = folder / "runs"

    def start_here(self, *overrides, trainer="Tiny"):
        """Train in this process."""
        words = ["run.progress_bar=none", *overrides]
        return start_run(f"{self.trainer}:{trainer}", overrides=words, runs=self.runs)

    def resume_here(self, *overrides):
        """Train on with the newest run in this process."""
        return resume_run(self.files.path, overrides=overrides)

    @property
    def files(self) -> RunDirectory:
        """The newest run."""
        return run_directories(self.runs)[-1]

    @property
    def status(self):
        return read_status(self.files)

    @property
    def metrics(self):
        """Phase, iteration and values of every record: all that may not differ between two runs of one seed."""
        return [(record.phase, record.iteration, record.metrics) for record in read_metrics(self.files.path)]

    @property
    def events(self):
        return [json.loads(line) for line in self.files.events.read_text().splitlines()]

    @property
    def checkpoints(self):
        return sorted(path.name for path in self.files.checkpoints.iterdir())

    def final_state(self):
        """What the trainer wrote at its end."""
        return json.loads((self.files.artifacts / "state.json").read_text())


class KernelProcess(TrainerFolder):
    """Where ``kernel`` commands are typed."""

    def __init__(self, folder: Path, source: str, *, hash_seed: str = "0") -> None:
        super().__init__(folder, source)
        self.environment = os.environ | {
            "MLKERNEL_RUNS": str(self.runs),
            "PYTHONHASHSEED": hash_seed,
            "COLUMNS": "200",
        }

    def start(self, *words, **options):
        """Begin ``kernel WORDS`` and return the process."""
        return subprocess.Popen(
            [sys.executable, "-m", "mlkernel", *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def kernel(self, *words, **options):
        """Carry out ``kernel WORDS``; what comes back has ``returncode``, ``stdout`` and ``stderr``."""
        process = self.start(*words, **options)
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
        return subprocess.CompletedProcess(words, process.returncode, output, errors)

    def start_run(self, *words, trainer="Tiny", **options):
        """Begin ``kernel run`` with a class of the file, without a progress bar."""
        first = ["run", "--trainer", f"./trainer.py:{trainer}", "--progress-bar", "none"]
        return self.start(*first, *words, **options)

    def run(self, *words, trainer="Tiny", **options):
        """As :meth:`start_run`, to the end."""
        process = self.start_run(*words, trainer=trainer, **options)
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
        return subprocess.CompletedProcess(words, process.returncode, output, errors)

    def resume(self, *words, **options):
        """``kernel resume`` of the newest run."""
        return self.kernel("resume", "latest", *words, **options)

    def wait_until(self, is_so, process):
        """Wait for something that *process* does."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def wait_for_long_step(self, process):
        """Wait until the step that takes a minute is nothing but waiting."""
        self.wait_until((self.folder / "long").exists, process)

    def wait_for_iteration(self, number, process):
        """Wait until iteration *number* has begun, as trainers tell that call ``announce``."""
        self.wait_until(lambda: _announced(self.folder) >= number, process)


def _announced(folder: Path) -> int:
    try:
        return int((folder / "announced").read_text() or -1)
    except FileNotFoundError:
        return -1


def kill(process) -> None:
    """SIGKILL, and wait."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


WALK = '''
import hashlib, json, os, random, signal, time
from pathlib import Path

import numpy as np
from attrs import frozen
from mlkernel import Trainer, hookimpl, option


def announce(number):
    folder = Path(__file__).parent
    (folder / "announcing").write_text(str(number))
    (folder / "announcing").replace(folder / "announced")


class Tiny(Trainer):
    """A random walk whose every step depends on all before it."""

    @frozen(kw_only=True)
    class Config:
        iterations: int = option(12, help="Steps.")
        rest: float = option(0.0, help="Seconds of sleep in each step.")
        long: int = option(-1, help="The step that takes a minute.")

    def __init__(self, run):
        super().__init__(run)
        self.position = 0.0
        self.weights = np.zeros(5)
        self.steps = run.random("steps")
        self.words = {"alpha", "beta", "gamma"}  # its order depends on the hash seed

    def state_dict(self):
        return {"position": self.position, "weights": self.weights}

    def load_state_dict(self, state):
        self.position, self.weights = state["position"], state["weights"]

    def train(self):
        for iteration in self.run.loop("train", self.config.iterations):
            announce(iteration.number)
            self.step(iteration)
            if iteration.number == self.config.long:
                Path(__file__).with_name("long").touch()
                time.sleep(60)
            time.sleep(self.config.rest)
        for iteration in self.run.loop("test", 3):
            iteration.log(error=abs(self.position) + self.steps.random())
        with self.run.artifact("state.json") as path:
            state = {"position": self.position, "weights": self.weights.tolist(), "drawn": self.steps.random()}
            path.write_text(json.dumps(state))

    def step(self, iteration):
        for epoch in self.run.loop("epoch", 2, resumable=True):  # first, since what comes before it would run again
            self.position *= 1 - 0.1 * self.steps.random()
            epoch.log(position=self.position)
        self.position += self.steps.gauss(0, 1) + random.random() - np.random.rand()
        self.weights = self.weights + self.steps.numpy.normal(size=5) * self.position
        iteration.log(norm=float(self.weights @ self.weights), position=self.position)
        self.run.report("position", self.position)
'''
