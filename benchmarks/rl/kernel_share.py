"""Measures the kernel's own share of a training run: CPU time of the training loop that is neither rollout nor update.

python benchmarks/rl/kernel_share.py --preset cleanrl --steps 200000
"""

from __future__ import annotations

import argparse
import tempfile
import time
from typing import Any

from presets import PRESETS, overrides

from mlkernel.testing import run_in_process
from mlkernel_rl import PPO


class Timed(PPO):
    """PPO that adds up the CPU time of its engine and of its training loop, and prints the share of the rest."""

    def _run_train_loop(self, *arguments: Any, **named: Any) -> None:
        inside = 0.0
        iterate = self._engine.iterate
        iterate(0.0)  # loads or compiles the graph

        def timed(learning_rate: float) -> Any:
            nonlocal inside
            began = time.thread_time()
            outcome = iterate(learning_rate)
            inside += time.thread_time() - began
            return outcome

        self._engine.iterate = timed  # type: ignore[method-assign]
        began = time.process_time()
        super()._run_train_loop(*arguments, **named)
        loop = time.process_time() - began
        print(f"engine {inside:.2f} CPU s of {loop:.2f}: the kernel's share is {1 - inside / loop:.1%}")


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
