"""A PPO run that is killed with SIGKILL, at moments that chance picks, ends like one that was never killed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

KERNEL = [sys.executable, "-m", "mlkernel"]
SMALL = ["iterations=24", "log_every=1", "evaluate_every=8", "evaluation_episodes=4", "test_episodes=4"]
OFTEN = ["checkpoint.every_iterations=1", "learning_curve=false"]
ENVIRONMENTS = {
    "native": ["env.backend=native"],
    "gymnasium": ["env.backend=gymnasium"],
    "normalised": ["env.name=Pendulum-v1", "normalise_observations=true", "normalise_rewards=true"],
}


def start(command: list[str], hash_seed: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def train_whole(runs: Path, options: list[str]) -> Path:
    command = [*KERNEL, "run", "--trainer", "ppo", "--runs", str(runs), *SMALL, *OFTEN, *options]
    assert start(command, hash_seed=0).wait() == 0
    return only_run(runs)


def train_under_fire(runs: Path, options: list[str], chance: random.Random, kills: int) -> tuple[Path, int]:
    """Start the run, kill it so many times while it trains, and let the last attempt finish."""
    command = [*KERNEL, "run", "--trainer", "ppo", "--runs", str(runs), *SMALL, *OFTEN, *options]
    killed = 0
    while True:
        process = start(command, hash_seed=chance.randrange(1000))
        if killed < kills and dies_while_training(process, runs, chance):
            killed += 1
            command = [*KERNEL, "resume", str(only_run(runs))]
        else:
            assert process.wait() == 0
            return only_run(runs), killed


def dies_while_training(process: subprocess.Popen[bytes], runs: Path, chance: random.Random) -> bool:
    """Wait until the attempt has made a checkpoint, then for a random moment, and kill it unless it is done."""
    before = newest_checkpoint(runs)
    while process.poll() is None and newest_checkpoint(runs) == before:
        time.sleep(0.005)
    time.sleep(chance.uniform(0.0, 0.1))
    process.kill()
    return process.wait() != 0


def only_run(runs: Path) -> Path:
    (run,) = runs.glob("*/")
    return run


def newest_checkpoint(runs: Path) -> str:
    return max((path.name for path in runs.glob("*/checkpoints/[0-9]*")), default="")


def logged(run: Path) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in record.items() if name != "time"} for record in records]


def final_tensors(run: Path) -> dict[str, bytes]:
    newest = max((run / "checkpoints").glob("[0-9]*"))
    return {
        name: array.tobytes()
        for file in newest.glob("*.safetensors")
        for name, array in load_file(file).items()
    }


def assert_survives(tmp_path: Path, options: list[str], *, runs: int, kills: int, seed: int) -> None:
    whole = train_whole(tmp_path / "whole", options)
    chance = random.Random(seed)
    total = 0
    for number in range(runs):
        run, killed = train_under_fire(tmp_path / str(number), options, chance, kills)
        total += killed
        assert logged(run) == logged(whole)
        assert final_tensors(run) == final_tensors(whole)
    assert total >= runs  # else nothing was shown


def test_a_killed_run_ends_like_one_that_was_never_killed(tmp_path: Path) -> None:
    """That with the largest state; the contract of trainers has the others killed once."""
    assert_survives(tmp_path, ENVIRONMENTS["normalised"], runs=1, kills=2, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["native", "gymnasium"])
def test_a_run_in_any_environment_survives_kills(tmp_path: Path, name: str) -> None:
    assert_survives(tmp_path, ENVIRONMENTS[name], runs=1, kills=2, seed=1)


@pytest.mark.slow
def test_twenty_five_killed_runs_end_like_one_that_was_never_killed(tmp_path: Path) -> None:
    assert_survives(tmp_path, ENVIRONMENTS["gymnasium"], runs=25, kills=3, seed=2)


@pytest.mark.slow
def test_a_killed_compiled_run_ends_like_one_that_was_never_killed(tmp_path: Path) -> None:
    assert_survives(tmp_path, ["torch.compile=always"], runs=2, kills=3, seed=3)
