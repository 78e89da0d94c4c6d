"""Acting: a policy's forward pass for one vector step, in NumPy where the network is a plain perceptron.

On a CPU a 2x64 network costs torch about four times what it costs NumPy, nearly all of it dispatch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch import nn

from mlkernel_rl.environments.spaces import Array, FloatArray
from mlkernel_rl.networks import MLP, Actor
from mlkernel_rl.normalisation import RunningMoments

Activation = Callable[[FloatArray], FloatArray]


class Policy(Protocol):
    """Chooses actions, [N] int64 or [N, A] float32, from observations [N, D] and noise [N, A]; no noise: the mode."""

    def __call__(self, observation: FloatArray, noise: FloatArray | None) -> Array:
        """Return one action per environment."""


def _tanh(x: FloatArray) -> FloatArray:
    return np.tanh(x, out=x)


def _relu(x: FloatArray) -> FloatArray:
    return np.maximum(x, 0, out=x)


_NUMPY_ACTIVATIONS: dict[str, Activation] = {"tanh": _tanh, "relu": _relu}


class NumpyPolicy:
    """The forward pass of an :class:`Actor` whose network is an :class:`MLP` of tanh or relu units.

    The weights are views of the module's parameters as they lie in memory now: a policy for one rollout.
    """

    def __init__(self, actor: Actor, moments: RunningMoments | None) -> None:
        if not isinstance(actor.network, MLP):
            raise TypeError(f"a NumPy policy needs an MLP, not {type(actor.network).__name__}")
        layers = actor.network.linear_layers()
        self._layers = [(_view(layer.weight).T, _view(layer.bias)) for layer in layers]
        self._activation = _NUMPY_ACTIVATIONS[actor.network.activation]
        self._log_std = None if actor.discrete else _view(actor.log_std)
        self._moments = moments

    def __call__(self, observation: FloatArray, noise: FloatArray | None) -> Array:
        """Return one action per environment."""
        output = observation if self._moments is None else self._moments.normalise(observation)
        for weight, bias in self._layers[:-1]:
            hidden = output @ weight
            hidden += bias
            output = self._activation(hidden)
        weight, bias = self._layers[-1]
        output = output @ weight
        output += bias
        if self._log_std is None:
            if noise is not None:
                output += noise
            best: Array = output.argmax(-1)
            return best
        return output if noise is None else output + np.exp(self._log_std) * noise


class TorchPolicy:
    """The forward pass of any actor module, on any device."""

    def __init__(self, actor: nn.Module, moments: RunningMoments | None, device: torch.device) -> None:
        self._actor = actor
        self._moments = moments
        self._device = device

    @torch.no_grad()
    def __call__(self, observation: FloatArray, noise: FloatArray | None) -> Array:
        """Return one action per environment."""
        seen = observation if self._moments is None else self._moments.normalise(observation)
        distribution = self._actor(torch.from_numpy(seen).to(self._device))
        drawn = None if noise is None else torch.from_numpy(noise).to(self._device)
        action = distribution.mode() if drawn is None else distribution.sample(drawn)
        result: Array = action.cpu().numpy()
        return result


def acting_policy(actor: Actor, moments: RunningMoments | None, device: torch.device) -> Policy:
    """Return the faster policy that computes what ``actor`` computes."""
    network = actor.network
    if device.type == "cpu" and isinstance(network, MLP) and network.activation in _NUMPY_ACTIVATIONS:
        return NumpyPolicy(actor, moments)
    return TorchPolicy(actor, moments, device)


def _view(parameter: torch.Tensor) -> FloatArray:
    array: FloatArray = parameter.detach().numpy()
    return array
