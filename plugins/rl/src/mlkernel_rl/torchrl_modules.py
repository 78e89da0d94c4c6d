"""The policy and value networks as TorchRL modules, for the loss modules that TorchRL users bring."""

from __future__ import annotations

import torch
from tensordict.nn import TensorDictModule
from torch import Tensor, nn
from torch.distributions import Categorical
from torchrl.modules import IndependentNormal, ProbabilisticActor, ValueOperator

from mlkernel_rl.networks import Actor, Critic


class LocationAndScale(nn.Module):
    """The parameters of a real-valued policy, as TorchRL's distributions want them."""

    def __init__(self, actor: Actor) -> None:
        super().__init__()
        self.network = actor.network
        self.log_std = actor.log_std

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation, [B, A] each."""
        mean = self.network(observation)
        return mean, torch.exp(self.log_std).expand_as(mean)


def probabilistic_actor(actor: Actor) -> ProbabilisticActor:
    """Return a TorchRL policy that shares *actor*'s parameters and reads the key ``observation``."""
    if actor.discrete:
        parameters = TensorDictModule(actor.network, in_keys=["observation"], out_keys=["logits"])
        return ProbabilisticActor(
            parameters, in_keys=["logits"], distribution_class=Categorical, return_log_prob=True
        )
    parameters = TensorDictModule(LocationAndScale(actor), in_keys=["observation"], out_keys=["loc", "scale"])
    return ProbabilisticActor(
        parameters, in_keys=["loc", "scale"], distribution_class=IndependentNormal, return_log_prob=True
    )


def value_operator(critic: Critic) -> ValueOperator:
    """Return a TorchRL value function that shares *critic*'s parameters and writes ``state_value``."""
    return ValueOperator(critic.network, in_keys=["observation"])
