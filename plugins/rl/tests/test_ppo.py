"""PPO keeps the contract of trainers, on every road, and learns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlkernel.testing import parametrize_with_checks, run_in_process

SHORT = (
    "iterations=4",
    "steps=16",
    "epochs=2",
    "env.count=4",
    "log_every=1",
    "evaluate_every=2",
    "evaluation_episodes=2",
    "test_episodes=3",
    "learning_curve=false",
)
PENDULUM = ("env.name=Pendulum-v1", "normalise_observations=true", "normalise_rewards=true", "minibatches=2")


@parametrize_with_checks("ppo", overrides=SHORT)
def test_it_keeps_the_contract(check: Callable[[], None]) -> None:
    check()


@parametrize_with_checks("ppo", overrides=(*SHORT, *PENDULUM, "env.backend=gymnasium", "surrogate=kl"))
def test_it_keeps_the_contract_with_gymnasium_and_normalisation(check: Callable[[], None]) -> None:
    check()


@pytest.mark.parametrize("seed", [0, 1])
def test_it_learns_cartpole(seed: int, tmp_path: Path) -> None:
    run = run_in_process("ppo", [f"run.seed={seed}", "learning_curve=false"], runs=tmp_path)
    assert run.state == "finished"
    assert run.logged[-1]["test_return"] >= 475
    assert run.logged[-1]["test_episodes"] == 20


@pytest.mark.parametrize("name", ["Acrobot-v1", "MountainCarContinuous-v0"])
def test_it_runs_on_other_gymnasium_environments(name: str, tmp_path: Path) -> None:
    run = run_in_process("ppo", [*SHORT, f"env.name={name}", "iterations=2"], runs=tmp_path)
    assert run.state == "finished"
    assert run.logged[-1]["test_return"] <= 100


def test_a_run_keeps_its_learning_curve_and_recorded_episodes(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("pygame")
    run = run_in_process(
        "ppo", [*SHORT, "learning_curve=true", "record_episodes=1", "test_episodes=1"], runs=tmp_path
    )
    assert (run.directory / "artifacts" / "learning-curve.png").read_bytes()[:4] == b"\x89PNG"
    assert (run.directory / "artifacts" / "episode-0.gif").read_bytes()[:4] == b"GIF8"
