"""What TorchRL users bring takes its place: loss modules, value estimators, environments."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from mlkernel import hookimpl
from mlkernel.testing import resume_in_process, run_in_process

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


class StopAt:
    """Asks the run to stop at the end of its n-th iteration, as SIGTERM from outside does."""

    def __init__(self, iterations: int) -> None:
        self.left = iterations

    @hookimpl
    def on_iteration_ended(self) -> None:
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGTERM)


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


NOISY = """
import torch
from torchrl.envs import GymEnv, StepCounter, Transform, TransformedEnv


class Noise(Transform):
    def _apply_transform(self, observation):
        return observation + 0.01 * torch.randn_like(observation)

    def _reset(self, tensordict, tensordict_reset):
        return self._call(tensordict_reset)


def noisy():
    environment = TransformedEnv(GymEnv("CartPole-v1", categorical_action_encoding=True), StepCounter(500))
    environment.append_transform(Noise(in_keys=["observation"], out_keys=["observation"]))
    return environment
"""


def test_a_torchrl_environment_that_draws_from_torch_is_resumed_exactly(tmp_path: Path) -> None:
    (tmp_path / "noisy_environment.py").write_text(NOISY)
    overrides = [
        *(
            "steps=7",
            "epochs=1",
            "log_every=1",
            "evaluate_every=2",
            "evaluation_episodes=2",
            "test_episodes=2",
        ),
        *("learning_curve=false", "env.count=3", f"env.name={tmp_path}/noisy_environment.py:noisy"),
    ]
    straight = run_in_process("ppo", [*overrides, "iterations=4"], runs=tmp_path / "runs")
    assert straight.state == "finished", straight.error
    stopped = run_in_process(
        "ppo", [*overrides, "iterations=4"], runs=tmp_path / "runs", listeners=[StopAt(3)]
    )
    assert stopped.state == "stopped"
    resumed = resume_in_process(stopped.directory)
    assert resumed.state == "finished", resumed.error
    assert resumed.logged == straight.logged
    expected, found = straight.trainer_state(), resumed.trainer_state()
    np.testing.assert_array_equal(
        found["engine"]["collector"]["observation"], expected["engine"]["collector"]["observation"]
    )
    for name, parameter in found["modules"]["loss_module"].items():
        assert torch.equal(parameter, expected["modules"]["loss_module"][name])
