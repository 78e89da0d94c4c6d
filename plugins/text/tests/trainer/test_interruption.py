"""Runs that are killed or stopped anywhere and resumed end as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys

import pytest
from plugins.text.tests.trainer.scripted_backend import BACKEND

from mlkernel import read_metrics
from mlkernel.testing import resume_in_process, run_in_process

OVERRIDES = [
    f"backend={BACKEND}",
    "iterations=3",
    "episodes=16",
    "test_episodes=8",
    "sampling.episodes_in_flight=8",  # whoever is killed more often than episodes end gets nowhere
    "fine_tune.min_rows=3",
    "fine_tune.poll_seconds=0.01",
    "learning_curve=false",
]
PATIENCE_SECONDS = 250
"""Far more than the run takes: a slow machine is not to be mistaken for a run that hangs."""


def command(words, calls):
    """Run it; one that hangs is aborted, with its stacks on standard error."""
    environment = {**os.environ, "CALLS_UNTIL_DEATH": str(calls), "PYTHONFAULTHANDLER": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "mlkernel", *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        _, stderr = process.communicate()
    return subprocess.CompletedProcess(words, process.returncode, stderr=stderr)


def logged(directory):
    return [(record.phase, record.iteration, record.metrics) for record in read_metrics(directory)]


def results(directory):
    folders = ("rollouts", "fine-tune", "models")
    return {
        f"{folder}/{path.name}": sorted(path.read_text().splitlines())
        for folder in folders
        for path in (directory / "artifacts" / folder).glob("*")
    }


@pytest.mark.timeout(900)  # a dozen processes
@pytest.mark.parametrize("trainer", ["expert-iteration", "prompt-evolution"])
def test_killed_anywhere_and_resumed_it_ends_the_same(trainer, tmp_path):
    reference = run_in_process(trainer, OVERRIDES, runs=tmp_path / "reference")
    source, calls = random.Random(trainer), 60
    killed = command(["run", "--trainer", trainer, "--runs", str(tmp_path / "runs"), *OVERRIDES], calls)
    kills = 0
    (directory,) = (tmp_path / "runs").iterdir()
    while killed.returncode == -signal.SIGKILL:
        kills += 1
        calls = source.randrange(25, 90)
        killed = command(["resume", str(directory)], calls)
    assert killed.returncode == 0, killed.stderr
    assert kills >= 2
    assert logged(directory) == logged(reference.directory)
    assert results(directory) == results(reference.directory)


def test_stopped_in_the_middle_of_an_iteration_it_goes_on_there(tmp_path):
    reference = run_in_process("expert-iteration", OVERRIDES, runs=tmp_path / "reference")
    stopped = run_in_process(
        "expert-iteration", [*OVERRIDES, "budget.max_tokens=2500"], runs=tmp_path / "runs"
    )
    assert stopped.state == "stopped"
    more = resume_in_process(stopped.directory, ["trainer.budget.max_tokens=null"])
    assert more.logged == reference.logged
