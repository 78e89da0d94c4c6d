"""Compares PPO's speed with its peers': environment steps per CPU second, interleaved, medians.

    python benchmarks/rl/compare.py --preset zoo --steps 500000 --rounds 3 --peers-python PATH

Every program is a black box that is run as a child process with one thread; its CPU time, that of its own children
included, is what the operating system says. "whole" counts everything from the start of the process, imports and
loading of compiled graphs included. "steady" is the slope between a short and a long run, in which the start cancels.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from contestants import Command, cleanrl, ours, stable_baselines3
from presets import PRESETS


@dataclass
class Timing:
    """CPU seconds of the short and the long runs of one program."""

    command: Command
    short: list[float] = field(default_factory=list)
    long: list[float] = field(default_factory=list)

    def whole(self, steps: int) -> float:
        """Return steps per CPU second of the whole process."""
        return steps / statistics.median(self.long)

    def steady(self, steps: int, few: int) -> float:
        """Return steps per CPU second once training is under way."""
        return (steps - few) / (statistics.median(self.long) - statistics.median(self.short))


def main() -> None:
    """Run all programs in turn and print the table."""
    arguments = parse()
    contestants = choose(arguments)
    few = max(arguments.steps // 10, 10_240)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MLKERNEL_CACHE": folder}
        for name, timing in contestants.items():
            if name.startswith("mlkernel"):
                cold = cpu_seconds(timing.command(few), environment, folder)
                print(f"{name}: {cold:.1f} CPU s for {few} steps with a cold cache", flush=True)
        for number in range(arguments.rounds):
            for name, timing in contestants.items():
                timing.short.append(cpu_seconds(timing.command(few), environment, folder))
                timing.long.append(cpu_seconds(timing.command(arguments.steps), environment, folder))
                print(f"round {number + 1}: {name}: {timing.long[-1]:.1f} CPU s", file=sys.stderr, flush=True)
    report(contestants, arguments.steps, few)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", choices=PRESETS, default="zoo")
    parser.add_argument("--steps", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--peers-python", default=sys.executable, help="an interpreter beside which the peers lie"
    )
    parser.add_argument("--cleanrl", type=Path, help="CleanRL's ppo.py")
    parser.add_argument("--leanrl", type=Path, help="a LeanRL script with CleanRL's command line")
    parser.add_argument("--eager", action="store_true", help="run ours without compiling, too")
    return parser.parse_args()


def choose(arguments: argparse.Namespace) -> dict[str, Timing]:
    """Return the programs that are there; say which are not."""
    preset, python = PRESETS[arguments.preset], arguments.peers_python
    contestants = {
        "mlkernel, native": Timing(ours(preset, "native", "always")),
        "mlkernel, Gymnasium": Timing(ours(preset, "gymnasium", "always")),
    }
    if arguments.eager:
        contestants["mlkernel, native, eager"] = Timing(ours(preset, "native", "never"))
        contestants["mlkernel, Gymnasium, eager"] = Timing(ours(preset, "gymnasium", "never"))
    if subprocess.run(
        [python, "-c", "import stable_baselines3"], capture_output=True, check=False
    ).returncode:
        print(f"left out: Stable-Baselines3 is not installed beside {python}")
    else:
        contestants["Stable-Baselines3"] = Timing(stable_baselines3(python, arguments.preset))
    for name, script in (("CleanRL", arguments.cleanrl), ("LeanRL", arguments.leanrl)):
        if script is None:
            print(f"left out: {name}; name its script with --{name.lower()}")
        else:
            contestants[name] = Timing(cleanrl(python, script, preset))
    return contestants


def cpu_seconds(command: list[str], environment: dict[str, str], folder: str) -> float:
    """Run a command and return the CPU time of it and its children.

    Raises:
        SystemExit: the command failed; says what it wrote.
    """
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            output.seek(0)
            raise SystemExit(f"{command} failed:\n{output.read().decode()[-3000:]}")
    return usage.ru_utime + usage.ru_stime


def report(contestants: dict[str, Timing], steps: int, few: int) -> None:
    """Print steps per CPU second, and their ratio to Stable-Baselines3's."""
    base = contestants.get("Stable-Baselines3")
    print(f"{'steps per CPU second':28} {'steady':>10} {'ratio':>7} {'whole':>10} {'ratio':>7}")
    for name, timing in contestants.items():
        steady, whole = timing.steady(steps, few), timing.whole(steps)
        ratios = (
            (steady / base.steady(steps, few), whole / base.whole(steps)) if base else (float("nan"),) * 2
        )
        print(f"{name:28} {steady:10.0f} {ratios[0]:7.2f} {whole:10.0f} {ratios[1]:7.2f}")


if __name__ == "__main__":
    main()
