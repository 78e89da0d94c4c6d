"""What the kernel itself costs: CPU time of an iteration of ``run.loop`` whose body does nothing, or only logs.

    python benchmarks/overhead.py

Each figure is the median of several runs of the ``kernel`` command, with progress bar, checkpoints and all listeners
that are installed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from attrs import frozen

from mlkernel import Run, Trainer, option

ROUNDS = 5
ITERATIONS = 200_000
BUDGETS = {0: 10.0, 5: 50.0}
"""Scalars that are logged in each iteration: microseconds that it may take."""


@frozen(kw_only=True)
class EmptyLoopConfig:
    """How much is done."""

    iterations: int = option(ITERATIONS, help="Iterations of the loop.")
    scalars: int = option(0, help="Scalars logged in each iteration.")


class EmptyLoop(Trainer):
    """Notes the CPU time of one iteration, in microseconds."""

    Config = EmptyLoopConfig

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.scalars = {f"scalar_{number}": 0.5 for number in range(self.config.scalars)}

    def train(self) -> None:
        """Loop over nothing."""
        started = time.process_time()
        for iteration in self.run.loop("train", total=self.config.iterations):
            if self.scalars:
                iteration.log(self.scalars)
        seconds = time.process_time() - started
        self.run.note("microseconds", 1e6 * seconds / self.config.iterations)


def measure(scalars: int, runs: Path) -> float:
    """CPU time of one iteration in microseconds, from a run of its own."""
    trainer = f"{Path(__file__).resolve()}:EmptyLoop"
    command = [sys.executable, "-m", "mlkernel", "run", "--trainer", trainer, f"scalars={scalars}"]
    environment = os.environ | {"MLKERNEL_RUNS": str(runs)}
    subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
    newest = max(runs.glob("*/status.json"), key=lambda path: path.stat().st_mtime_ns)
    microseconds: float = json.loads(newest.read_text(encoding="utf-8"))["notes"]["microseconds"]
    return microseconds


def main() -> int:
    """Print the table; 1 if a budget is exceeded."""
    with tempfile.TemporaryDirectory() as folder:
        rounds = [{scalars: measure(scalars, Path(folder)) for scalars in BUDGETS} for _ in range(ROUNDS)]
    medians = {scalars: statistics.median(one[scalars] for one in rounds) for scalars in BUDGETS}
    print("scalars logged   µs per iteration   budget")
    for scalars, budget in BUDGETS.items():
        print(f"{scalars:14}   {medians[scalars]:16.2f}   {budget:6.0f}")
    return int(any(medians[scalars] > budget for scalars, budget in BUDGETS.items()))


if __name__ == "__main__":
    sys.exit(main())
