"""Proximal policy optimisation (Schulman, Wolski, Dhariwal, Radford and Klimov 2017), in the order of the paper."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mlkernel_rl.losses import Batch
from mlkernel_rl.networks import Actor, Critic
from mlkernel_rl.ppo_config import PPOConfig
from mlkernel_rl.schedule import remaining_share
from mlkernel_rl.tensordict_rl_trainer import TensorDictRlTrainer


class PPO(TensorDictRlTrainer):
    """Algorithm 1: rollouts of T steps by N actors, then K epochs of minibatch updates on the loss below."""

    Config = PPOConfig
    config: PPOConfig

    def _get_loss_module_and_gae(self) -> tuple[PPOLoss, None]:
        return PPOLoss(self.actor, self.critic, self.config), None

    def _before_iteration(self, iteration: int) -> None:
        if isinstance(self.loss_module, PPOLoss):  # and not one that was named instead
            share = remaining_share(self.config.clip_schedule, iteration, self.config.iterations)
            self.loss_module.clip_epsilon.fill_(self.config.clip_epsilon * share)


class PPOLoss(nn.Module):
    """The objective of section 5, eq. 9: a policy surrogate, a value error and an entropy bonus.

    The surrogate is clipped (section 3, eq. 7) or penalised with the divergence from the old policy, whose weight
    adapts itself (section 4, eq. 8).

    :param actor: maps observations [B, D] to an action distribution.
    :param critic: maps observations [B, D] to values [B].
    :param config: the coefficients.
    """

    clip_epsilon: Tensor
    beta: Tensor

    def __init__(self, actor: Actor, critic: Critic, config: PPOConfig) -> None:
        super().__init__()
        self.actor = actor
        self.critic = critic
        self.config = config
        # Buffers and not numbers: they change during training, and a compiled update takes them as inputs.
        self.register_buffer("clip_epsilon", torch.tensor(config.clip_epsilon))
        self.register_buffer("beta", torch.tensor(config.initial_beta))

    def forward(self, batch: Batch) -> Mapping[str, Tensor]:
        """Return ``loss_...`` scalars, whose sum is minimised, and what else is logged.

        :param batch: for B transitions ``observation`` [B, D], ``action`` [B] or [B, A], ``log_prob`` [B] and
            ``value`` [B] under the old parameters, ``advantage`` [B] and ``value_target`` [B].
        """
        distribution = self.actor(batch["observation"])
        log_ratio = distribution.log_prob(batch["action"]) - batch["log_prob"]
        ratio = log_ratio.exp()  # r_t(θ), section 3
        advantage = self._normalised(batch["advantage"])

        if self.config.surrogate == "clip":
            low, high = 1 - self.clip_epsilon, 1 + self.clip_epsilon
            policy_objective = torch.minimum(
                ratio * advantage, ratio.clamp(low, high) * advantage
            ).mean()  # eq. 7
        else:
            policy_objective = (ratio * advantage).mean() - self.beta * divergence(log_ratio, ratio)  # eq. 8

        losses = {  # eq. 9, negated: what the paper maximises is minimised here
            "loss_policy": -policy_objective,
            "loss_value": self.config.value_coefficient
            * self._value_error(self.critic(batch["observation"]), batch),
        }
        if self.config.entropy_coefficient:
            losses["loss_entropy"] = -self.config.entropy_coefficient * distribution.entropy().mean()
        with torch.no_grad():
            clipped = (ratio - 1).abs() > self.clip_epsilon
            return {**losses, "kl": divergence(log_ratio, ratio), "clip_fraction": clipped.float().mean()}

    @torch.no_grad()
    def after_update(self, metrics: Mapping[str, Tensor]) -> None:
        """Adapt β to the mean divergence in the last epoch (the two rules under eq. 8)."""
        if self.config.surrogate == "kl":
            target, kl = self.config.target_kl, metrics["kl"][-self.config.minibatches :].mean()
            self.beta.mul_(torch.where(kl < target / 1.5, 0.5, torch.where(kl > target * 1.5, 2.0, 1.0)))

    def _normalised(self, advantage: Tensor) -> Tensor:
        if not self.config.normalise_advantage or len(advantage) == 1:  # one number has no deviation
            return advantage
        return (advantage - advantage.mean()) / (advantage.std() + 1e-8)

    def _value_error(self, value: Tensor, batch: Batch) -> Tensor:
        target = batch["value_target"]
        error = (value - target) ** 2
        if self.config.clip_value:
            near = batch["value"] + (value - batch["value"]).clamp(-self.clip_epsilon, self.clip_epsilon)
            error = torch.maximum(error, (near - target) ** 2)
        return 0.5 * error.mean()


def divergence(log_ratio: Tensor, ratio: Tensor) -> Tensor:
    """Return KL(old || new) in nats, estimated from actions of the old policy; unbiased and never negative.

    The estimator k3 of Schulman (2020, "Approximating KL divergence").

    :param log_ratio: log-probability under the new policy minus that under the old one, [B].
    :param ratio: its exponential, [B].
    """
    return (ratio - 1 - log_ratio).mean()
