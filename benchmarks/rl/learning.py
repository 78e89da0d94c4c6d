"""Compares how soon PPO learns: environment steps until the newest 100 training episodes have a mean return of 475.

python benchmarks/rl/learning.py --preset zoo --steps 150000 --seeds 10 --peers-python PATH
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from contestants import DRIVER
from presets import PRESETS, Preset, overrides

from mlkernel import read_metrics


def main() -> None:
    """Train with every seed and print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", choices=PRESETS, default="zoo")
    parser.add_argument("--steps", type=int, default=150_000)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--settings", nargs="*", default=[], help="further settings of ours, path=value")
    arguments = parser.parse_args()
    found: dict[str, list[int | None]] = {"mlkernel": [], "Stable-Baselines3": []}
    for seed in range(arguments.seeds):
        found["mlkernel"].append(ours(PRESETS[arguments.preset], arguments.steps, seed, arguments.settings))
        theirs = [arguments.peers_python, str(DRIVER), "--preset", arguments.preset]
        found["Stable-Baselines3"].append(
            solved_by([*theirs, "--steps", str(arguments.steps), "--seed", str(seed)])
        )
        print(
            f"seed {seed}: { ({name: steps[-1] for name, steps in found.items()}) }",
            file=sys.stderr,
            flush=True,
        )
    for name, steps in found.items():
        solved = [step for step in steps if step is not None]
        middle = f"{statistics.median(solved):.0f}" if solved else "-"
        print(f"{name:20} solved {len(solved)} of {len(steps)}, median of these {middle} steps")


def solved_by(command: list[str]) -> int | None:
    """Return what the driver prints."""
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    step: int | None = json.loads(output.splitlines()[-1])["solved_at"]
    return step


def ours(preset: Preset, steps: int, seed: int, settings: list[str]) -> int | None:
    """Train with the kernel and read the first solved step from the metrics."""
    words = [*overrides(preset, steps), "log_every=1", f"run.seed={seed}", "run.progress_bar=none", *settings]
    with tempfile.TemporaryDirectory() as runs:
        command = [sys.executable, "-m", "mlkernel", "run", "--trainer", "ppo", "--runs", runs, *words]
        subprocess.run(command, capture_output=True, check=True)
        for record in read_metrics(next(Path(runs).iterdir())):
            if record.metrics.get("episodes", 0) >= 100 and record.metrics["train_return"] >= 475:
                return (record.iteration + 1) * preset.batch
    return None


if __name__ == "__main__":
    main()
