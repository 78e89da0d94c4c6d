"""Simple policy optimisation (Xie, Zhang, Yang, Hutter and Xu 2024), as a loss module for TensorDictRlTrainer."""

from collections.abc import Mapping

import torch
from attrs import frozen, validators
from torch import Tensor, nn

from mlkernel import option
from mlkernel_rl import RlConfig, TensorDictRlTrainer


@frozen(kw_only=True)
class SPOConfig(RlConfig):
    """Everything that reinforcement-learning trainers share, and the one number of this loss."""

    epsilon: float = option(
        0.2, help="How far from 1 the probability ratio may go.", validator=validators.gt(0.0)
    )


class SPOLoss(nn.Module):
    """Pulls the probability ratio back by a parabola where PPO clips it."""

    def __init__(self, actor: nn.Module, critic: nn.Module, epsilon: float) -> None:
        super().__init__()
        self.actor = actor
        self.critic = critic
        self.epsilon = epsilon

    def forward(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        log_prob = self.actor(batch["observation"]).log_prob(batch["action"])
        ratio = torch.exp(log_prob - batch["log_prob"])
        advantage = (batch["advantage"] - batch["advantage"].mean()) / (batch["advantage"].std() + 1e-8)
        penalty = advantage.abs() / (2 * self.epsilon) * (ratio - 1) ** 2
        value_error = (self.critic(batch["observation"]) - batch["value_target"]) ** 2
        return {
            "loss_policy": -(ratio * advantage - penalty).mean(),
            "loss_value": 0.25 * value_error.mean(),
            "ratio_deviation": (ratio - 1).abs().mean(),
        }


class SPO(TensorDictRlTrainer):
    """The trainer is its loss."""

    Config = SPOConfig
    config: SPOConfig

    def _get_loss_module_and_gae(self) -> tuple[nn.Module, None]:
        return SPOLoss(self.actor, self.critic, self.config.epsilon), None
