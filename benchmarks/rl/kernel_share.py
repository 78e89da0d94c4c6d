"""Measures the kernel's own share of a training run: boundaries with their checkpoints and listeners, metrics, reports.

python benchmarks/rl/kernel_share.py --preset cleanrl --steps 200000
"""

from __future__ import annotations

import argparse
import functools
import tempfile
import time
from collections.abc import Callable
from typing import Any

from presets import PRESETS, overrides

from mlkernel import Run
from mlkernel.run.loop import Loop
from mlkernel.testing import run_in_process
from mlkernel_rl import PPO

KERNEL = [(Loop, "advance"), (Loop, "__enter__"), (Loop, "__exit__"), (Run, "log"), (Run, "report")]
"""Everything of the kernel that the training loop calls."""


SPENT: list[float] = []


def timed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return *function*, with its CPU time noted at each call."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        began = time.thread_time()
        try:
            return function(*arguments, **named)
        finally:
            SPENT.append(time.thread_time() - began)

    return call


class Timed(PPO):
    """PPO that adds up the CPU time of what it calls in the kernel, and prints its share of the training loop."""

    def _run_train_loop(self, *arguments: Any, **named: Any) -> None:
        self._engine.iterate(0.0)  # loads or compiles the graph
        for owner, name in KERNEL:
            setattr(owner, name, timed(getattr(owner, name)))
        began = time.thread_time()
        super()._run_train_loop(*arguments, **named)
        loop = time.thread_time() - began
        kernel = sum(SPENT)
        print(f"kernel {kernel:.2f} CPU s of {loop:.2f}: {kernel / loop:.1%}")


def main() -> None:
    """Train and print the share."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", choices=PRESETS, default="cleanrl")
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--road", choices=["always", "never"], default="always")
    arguments = parser.parse_args()
    words = [*overrides(PRESETS[arguments.preset], arguments.steps), f"torch.compile={arguments.road}"]
    with tempfile.TemporaryDirectory() as runs:
        run = run_in_process(f"{__file__}:Timed", words, runs=runs)
    if run.error is not None:
        raise run.error


if __name__ == "__main__":
    main()
