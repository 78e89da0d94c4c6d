"""What TorchRL users bring takes its place: loss modules, value estimators, environments."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlkernel.testing import run_in_process

pytest.importorskip("torchrl")

SHORT = ("steps=32", "epochs=10", "evaluate_every=null", "test_episodes=5", "learning_curve=false")

TRAINER = """
from torchrl.objectives import ClipPPOLoss, ValueEstimators

from mlkernel_rl import RlConfig, TensorDictRlTrainer


class Theirs(TensorDictRlTrainer):
    Config = RlConfig

    def _get_loss_module_and_gae(self):
        loss = ClipPPOLoss(self.torchrl_actor, self.torchrl_critic, entropy_coeff=0.0, critic_coeff=0.5)
        loss.make_value_estimator(ValueEstimators.GAE, gamma=0.98, lmbda=0.8)
        return loss, loss.value_estimator
"""

ENVIRONMENT = """
from torchrl.envs import GymEnv, StepCounter, TransformedEnv


def cartpole():
    return TransformedEnv(GymEnv("CartPole-v1", categorical_action_encoding=True), StepCounter(500))
"""


@pytest.mark.parametrize("name", ["CartPole-v1", "Pendulum-v1"])
def test_a_torchrl_loss_module_trains(name: str, tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(TRAINER)
    run = run_in_process(
        f"{tmp_path}/theirs.py:Theirs", [*SHORT, f"env.name={name}", "iterations=60"], runs=tmp_path / "runs"
    )
    assert run.state == "finished", run.error
    if name == "CartPole-v1":
        assert run.logged[-1]["test_return"] > 80  # a random policy has 22
    assert {"loss_objective", "loss_critic"} <= set(run.logged[0])


def test_a_torchrl_environment_is_trained_on(tmp_path: Path) -> None:
    (tmp_path / "their_environment.py").write_text(ENVIRONMENT)
    short = [*SHORT, f"env.name={tmp_path}/their_environment.py:cartpole", "env.count=2", "iterations=4"]
    run = run_in_process("ppo", short, runs=tmp_path / "runs")
    assert run.state == "finished", run.error
    assert run.logged[-1]["test_return"] >= 1
