"""The example trainers of the documentation train."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlkernel import read_metrics

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def kernel(tmp_path):
    """Runs the ``kernel`` command in an empty folder and returns the newest run's directory."""

    def run(*words: str, exit_code: int = 0) -> Path:
        done = subprocess.run(
            [sys.executable, "-m", "mlkernel", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == exit_code, done.stderr
        return max(tmp_path.glob("runs/*/plan.json"), key=lambda path: path.stat().st_mtime_ns).parent

    return run


def test_parabola_finds_the_minimum(kernel):
    run = kernel("run", "--trainer", f"{EXAMPLES}/parabola.py:Parabola")
    assert read_metrics(run)[-1].metrics["loss"] < 1e-6


def test_line_fit_learns_the_line_and_can_be_extended(kernel):
    run = kernel("run", "--trainer", f"{EXAMPLES}/line_fit.py:LineFit", "run.seed=3")
    kernel("resume", "latest", "--set", "trainer.steps=1000")
    records = read_metrics(run)
    assert records[-1].iteration == 999
    assert records[-1].metrics["slope"] == pytest.approx(2.0, abs=0.1)
    assert records[-1].metrics["offset"] == pytest.approx(1.0, abs=0.1)
    status = json.loads((run / "status.json").read_text())
    assert (status["state"], len(status["attempts"])) == ("finished", 2)


def test_ppo_walks_through_the_corridor(kernel):
    run = kernel("run", "--trainer", "ppo", f"env.name={EXAMPLES}/corridor.py:Corridor", "iterations=20")
    assert read_metrics(run).series("test_return")[-1][1] > 0.5


def test_spo_learns(kernel):
    run = kernel("run", "--trainer", f"{EXAMPLES}/spo.py:SPO", "iterations=40", "test_episodes=2")
    returns = [value for _, value in read_metrics(run).series("train_return", phase="train")]
    assert returns[-1] > 2 * returns[0]
