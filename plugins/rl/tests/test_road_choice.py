"""Which road a run takes is decided by what was asked for and what the loss module is made of."""

from __future__ import annotations

import shutil
from pathlib import Path

import attrs
import pytest
import torch

from mlkernel import UsageError
from mlkernel.testing import run_in_process
from mlkernel_rl.environments.spaces import DiscreteActions
from mlkernel_rl.learner_state import LearnerState
from mlkernel_rl.networks import MLP, Actor, Critic
from mlkernel_rl.ppo import PPOLoss
from mlkernel_rl.ppo_config import PPOConfig
from mlkernel_rl.road import COMPILED, EAGER, UPDATES_THAT_PAY, choose_road
from mlkernel_torch import TorchConfig

CPU = torch.device("cpu")

ACTOR_ONLY = """
import torch
from mlkernel_rl import RlConfig, TensorDictRlTrainer


class Loss(torch.nn.Module):
    def __init__(self, actor):
        super().__init__()
        self.actor = actor

    def forward(self, batch):
        log_prob = self.actor(batch["observation"]).log_prob(batch["action"])
        return {"loss_policy": -(log_prob * batch["advantage"]).mean()}


class ActorOnly(TensorDictRlTrainer):
    Config = RlConfig

    def _get_loss_module_and_gae(self):
        return Loss(self.actor), None
"""


def modules() -> tuple[Actor, Critic]:
    networks = [MLP(4, [8], outputs, activation="tanh", output_gain=1.0) for outputs in (2, 1)]
    return Actor(networks[0], DiscreteActions(2)), Critic(networks[1])


@pytest.mark.skipif(shutil.which("g++") is None, reason="compiling needs g++")
@pytest.mark.parametrize(
    ("iterations", "road"), [(UPDATES_THAT_PAY, COMPILED), (UPDATES_THAT_PAY - 1, EAGER)]
)
def test_long_runs_are_compiled(iterations: int, road: str) -> None:
    config, (actor, critic) = PPOConfig(iterations=iterations, epochs=1), modules()
    chosen, reason = choose_road(config, actor, critic, PPOLoss(actor, critic, config), CPU)
    assert chosen == road
    assert str(iterations) in reason


def test_never_means_never() -> None:
    config, (actor, critic) = PPOConfig(iterations=10**9, torch=TorchConfig(compile="never")), modules()
    assert choose_road(config, actor, critic, PPOLoss(actor, critic, config), CPU)[0] == EAGER


def test_demanded_compiling_without_a_compiler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    config, (actor, critic) = PPOConfig(torch=TorchConfig(compile="always")), modules()
    loss = PPOLoss(actor, critic, config)
    with pytest.raises(UsageError, match=r"no C\+\+ compiler[\s\S]*g\+\+"):
        choose_road(config, actor, critic, loss, CPU)
    assert choose_road(attrs.evolve(config, torch=TorchConfig()), actor, critic, loss, CPU)[0] == EAGER


def test_a_loss_of_the_actor_alone_is_eager_whatever_was_asked(tmp_path: Path) -> None:
    (tmp_path / "actor_only.py").write_text(ACTOR_ONLY)
    run = run_in_process(
        f"{tmp_path}/actor_only.py:ActorOnly",
        ["torch.compile=always", "iterations=2", "steps=8", "test_episodes=1", "learning_curve=false"],
        runs=tmp_path / "runs",
    )
    assert run.state == "finished", run.error
    assert run.trainer_state()["road"] == EAGER


def test_a_frozen_parameter_goes_into_the_graph_and_does_not_come_out() -> None:
    actor, critic = modules()
    loss = PPOLoss(actor, critic, PPOConfig())
    frozen = actor.network[0].weight.requires_grad_(False)
    state = LearnerState(loss, CPU)
    assert "actor.network.0.weight" not in state.parameters
    assert state.buffers["actor.network.0.weight"].data_ptr() == frozen.data_ptr()
