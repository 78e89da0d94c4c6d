"""PPO keeps the contract of trainers, on every road, and learns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mlkernel.testing import parametrize_with_checks, resume_in_process, run_in_process

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


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
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


def test_an_environment_that_cannot_be_rendered_does_not_fail_a_run(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from mlkernel_rl.environments.cartpole import CartPole\n")
    overrides = [*SHORT, f"env.name={tmp_path}/mine.py:CartPole", "record_episodes=1"]
    run = run_in_process("ppo", overrides, runs=tmp_path / "runs")
    assert run.state == "finished", run.error
    told = (run.directory / "events.jsonl").read_text(encoding="utf-8")
    assert "no episodes were recorded" in told
    assert "cannot be rendered" in told


def test_the_steps_of_the_environments_are_logged_with_every_return(tmp_path: Path) -> None:
    run = run_in_process("ppo", SHORT, runs=tmp_path)
    of_training = [metrics for metrics in run.logged if "test_episodes" not in metrics]
    assert [metrics["env_steps"] for metrics in of_training] == [64, 128, 128, 192, 256, 256]
    assert all("env_steps" in metrics for metrics in run.logged if "train_return" in metrics)


def test_a_run_without_a_finished_episode_keeps_a_learning_curve(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    overrides = [*SHORT, *PENDULUM, "learning_curve=true"]
    run = run_in_process("ppo", overrides, runs=tmp_path)
    assert run.logged[0]["episodes"] == 0
    assert (run.directory / "artifacts" / "learning-curve.png").exists()


@pytest.mark.parametrize("schedule", ["constant", "linear"])
def test_a_finished_run_is_extended_and_tested_anew(schedule: str, tmp_path: Path) -> None:
    overrides = [
        *SHORT,
        "test_with=last",
        "iterations=3",
        "clip_schedule=constant",
        f"lr_schedule={schedule}",
    ]
    first = run_in_process("ppo", overrides, runs=tmp_path)
    before = first.trainer_state()
    extended = resume_in_process(first.directory, overrides=["trainer.iterations=6"])
    assert extended.state == "finished", extended.error
    after = extended.trainer_state()
    assert after["engine"]["optimiser"]["updates"] == 2 * before["engine"]["optimiser"]["updates"]
    assert len(after["test_returns"]) == 3
    assert after["test_returns"] != before["test_returns"]
    straight = run_in_process("ppo", [*overrides, "iterations=6"], runs=tmp_path)
    same = all(
        torch.equal(value, straight.trainer_state()["modules"]["actor"][name])
        for name, value in after["modules"]["actor"].items()
    )
    assert same == (schedule == "constant")  # a rate that falls with the length has already fallen further


def test_what_was_tested_is_told_at_the_end(tmp_path: Path) -> None:
    run = run_in_process("ppo", SHORT, runs=tmp_path)
    notes = json.loads((run.directory / "status.json").read_text(encoding="utf-8"))["notes"]
    mean = run.logged[-1]["test_return"]
    assert notes["test return"] == f"mean {mean:.1f} over 3 episodes"
    assert notes["road"].startswith("eager")
