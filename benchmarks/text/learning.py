"""How the embedded model learns the game of cards: test accuracy by iteration, mean and deviation over seeds.

    python benchmarks/text/learning.py --trainer expert-iteration --seeds 5
    python benchmarks/text/learning.py --trainer malt --settings iterations=4

Each run is a process of its own, as a user starts it. Beside the accuracies stand processor and wall time of the runs,
start and drawings included.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from mlkernel import read_metrics


@frozen
class Curve:
    """One run."""

    accuracies: tuple[float, ...]
    processor: float
    """Seconds."""
    wall: float
    """Seconds."""


def main() -> None:
    """Train with every seed and print the table."""
    parser = argparse.ArgumentParser(
        description="Learning curves of a pure-text trainer with the embedded model."
    )
    parser.add_argument("--trainer", default="expert-iteration")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--settings", nargs="*", default=[], help="settings of the trainer, path=value")
    arguments = parser.parse_args()
    curves = []
    for seed in range(arguments.seeds):
        curves.append(run(arguments.trainer, seed, arguments.settings))
        print(f"seed {seed}: {curves[-1]}", file=sys.stderr, flush=True)
    print(f"{'iteration':>9} {'mean':>6} {'deviation':>9}")
    for iteration, accuracies in enumerate(zip(*(curve.accuracies for curve in curves), strict=True)):
        print(f"{iteration:9} {statistics.mean(accuracies):6.3f} {statistics.pstdev(accuracies):9.3f}")
    processor, wall = (
        statistics.median(getattr(curve, name) for curve in curves) for name in ("processor", "wall")
    )
    print(f"median of a run: {processor:.0f} s of processor time, {wall:.0f} s")


def run(trainer: str, seed: int, settings: Sequence[str]) -> Curve:
    """Train once, in an empty folder."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryDirectory() as runs:
        words = [f"run.seed={seed}", "run.progress_bar=none", "test_scheme=all", *settings]
        command = [sys.executable, "-m", "mlkernel", "run", "--trainer", trainer, "--runs", runs, *words]
        subprocess.run(command, capture_output=True, check=True)
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        tests = [
            record.metrics for record in read_metrics(next(Path(runs).iterdir())) if record.phase == "test"
        ]
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Curve(tuple(metrics["test_accuracy"] for metrics in tests), processor, wall)


if __name__ == "__main__":
    main()
