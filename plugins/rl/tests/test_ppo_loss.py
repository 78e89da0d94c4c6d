"""PPO's loss is the paper's: equal to TorchRL's on the same data, with an adaptive penalty on request."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from mlkernel_rl.distributions import DiagonalGaussian
from mlkernel_rl.environments.spaces import DiscreteActions
from mlkernel_rl.losses import total_loss
from mlkernel_rl.networks import MLP, Actor, Critic
from mlkernel_rl.ppo import PPOLoss
from mlkernel_rl.ppo_config import PPOConfig


def networks(seed: int = 0) -> tuple[Actor, Critic]:
    torch.manual_seed(seed)
    policy = MLP(4, [16, 16], 3, activation="tanh", output_gain=1.0)
    return Actor(policy, DiscreteActions(3)), Critic(MLP(4, [16], 1, activation="tanh", output_gain=1.0))


def batch(actor: Actor, size: int = 64) -> dict[str, Tensor]:
    torch.manual_seed(1)
    observation, action = torch.randn(size, 4), torch.randint(0, 3, (size,))
    old = actor(observation).log_prob(action).detach() + 0.3 * torch.randn(size)
    rest = {name: torch.randn(size) for name in ("value", "advantage", "value_target", "reward")}
    return {"observation": observation, "action": action, "log_prob": old, **rest}


@pytest.mark.parametrize("clip_value", [False, True])
def test_loss_and_gradients_are_those_of_torchrl(clip_value: bool) -> None:
    pytest.importorskip("torchrl")
    actor, critic = networks()
    data = batch(actor)
    config = PPOConfig(
        clip_epsilon=0.2,
        value_coefficient=0.5,
        entropy_coefficient=0.01,
        clip_value=clip_value,
        normalise_advantage=False,
    )
    ours = total_loss(PPOLoss(actor, critic, config)(data))
    parameters = [*actor.parameters(), *critic.parameters()]
    our_gradients = torch.autograd.grad(ours, parameters)
    theirs, their_gradients = torchrl_loss(actor, critic, data, clip_value, parameters)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    for mine, other in zip(our_gradients, their_gradients, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)


def torchrl_loss(
    actor: Actor, critic: Critic, data: dict[str, Tensor], clip_value: bool, parameters: list[Tensor]
) -> tuple[Tensor, Any]:
    from tensordict import TensorDict
    from tensordict.nn import TensorDictModule
    from torch.distributions import Categorical
    from torchrl.modules import ProbabilisticActor, ValueOperator
    from torchrl.objectives import ClipPPOLoss

    policy = ProbabilisticActor(
        TensorDictModule(actor.network, in_keys=["observation"], out_keys=["logits"]),
        in_keys=["logits"],
        distribution_class=Categorical,
        return_log_prob=True,
    )
    value = ValueOperator(critic.network, in_keys=["observation"])
    module = ClipPPOLoss(
        policy,
        value,
        clip_epsilon=0.2,
        entropy_coeff=0.01,
        critic_coeff=0.5,
        loss_critic_type="l2",
        normalize_advantage=False,
        clip_value=0.2 if clip_value else None,
        functional=False,
    )
    tensordict = TensorDict(
        {
            "observation": data["observation"],
            "action": data["action"],
            "action_log_prob": data["log_prob"],
            "advantage": data["advantage"][:, None],
            "value_target": data["value_target"][:, None],
            "state_value": data["value"][:, None],
        },
        [len(data["action"])],
    )
    losses = module(tensordict)
    # TorchRL's squared error has no factor of one half.
    total = losses["loss_objective"] + 0.5 * losses["loss_critic"] + losses["loss_entropy"]
    return total, torch.autograd.grad(total, parameters)


def test_the_ratio_is_clipped_on_the_side_that_would_gain() -> None:
    actor, critic = networks()
    data = batch(actor)
    loss = PPOLoss(actor, critic, PPOConfig(normalise_advantage=False, value_coefficient=0.0))
    ratio = (actor(data["observation"]).log_prob(data["action"]) - data["log_prob"]).exp()
    gain = torch.where(data["advantage"] > 0, ratio.clamp(max=1.2), ratio.clamp(min=0.8)) * data["advantage"]
    torch.testing.assert_close(loss(data)["loss_policy"], -gain.mean())


@pytest.mark.parametrize(("kl", "factor"), [(0.001, 0.5), (0.01, 1.0), (0.1, 2.0)])
def test_the_weight_of_the_penalty_adapts(kl: float, factor: float) -> None:
    actor, critic = networks()
    loss = PPOLoss(actor, critic, PPOConfig(surrogate="kl", initial_beta=1.5, target_kl=0.01))
    loss.after_update({"kl": torch.tensor([0.5, kl])})
    assert float(loss.beta) == pytest.approx(1.5 * factor)


def test_the_weight_of_the_penalty_follows_the_whole_last_epoch() -> None:
    loss = PPOLoss(*networks(), PPOConfig(surrogate="kl", target_kl=0.01, minibatches=2))
    loss.after_update({"kl": torch.tensor([0.5, 0.5, 0.02, 0.001])})
    assert float(loss.beta) == 1.0


def test_a_minibatch_of_one_transition_has_finite_losses() -> None:
    actor, critic = networks()
    losses = PPOLoss(actor, critic, PPOConfig())(batch(actor, size=1))
    assert torch.isfinite(total_loss(losses))


@pytest.mark.parametrize("action_count", [1, 3])
def test_log_densities_and_entropy_of_real_actions_are_torchs(action_count: int) -> None:
    torch.manual_seed(0)
    mean, log_std = torch.randn(5, action_count), torch.randn(action_count)
    action = mean + torch.randn(5, action_count)
    ours = DiagonalGaussian(mean, log_std.expand_as(mean))
    theirs = torch.distributions.Independent(torch.distributions.Normal(mean, log_std.exp()), 1)
    torch.testing.assert_close(ours.log_prob(action), theirs.log_prob(action))
    torch.testing.assert_close(ours.entropy(), theirs.entropy())
    other = torch.distributions.Independent(torch.distributions.Normal(mean + 1, 2 * log_std.exp()), 1)
    torch.testing.assert_close(
        DiagonalGaussian(mean + 1, (log_std + math.log(2)).expand_as(mean)).kl_from(ours),
        torch.distributions.kl_divergence(theirs, other),
    )


def test_the_penalty_is_what_the_objective_loses() -> None:
    actor, critic = networks()
    data = batch(actor)
    without, with_ = (
        PPOLoss(actor, critic, PPOConfig(surrogate="kl", initial_beta=beta))(data) for beta in (1e-9, 2.0)
    )
    torch.testing.assert_close(with_["loss_policy"], without["loss_policy"] + 2.0 * with_["kl"])


def test_a_loss_module_without_losses_is_refused() -> None:
    with pytest.raises(ValueError, match="returned kl; at least one entry named loss_"):
        total_loss({"kl": torch.zeros(())})
