"""The two action distributions, as thin as the inner loop needs them (no argument validation, no sampling state).

Sampling is split in two so that it is the same function in NumPy, in torch and inside a compiled graph: ``noise`` draws
for a whole rollout from one random stream, and an action is a deterministic function of noise and parameters (the
Gumbel-max trick; the reparametrised Gaussian).
"""

from __future__ import annotations

import math
from typing import Protocol, Self

import numpy as np
import torch
from torch import Tensor

from mlkernel_rl.environments.spaces import Array, FloatArray

_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


class Distribution(Protocol):
    """A batch of action distributions; every method keeps the batch shape [B]."""

    def log_prob(self, action: Tensor) -> Tensor:
        """Return log-probabilities, [B]."""

    def entropy(self) -> Tensor:
        """Return entropies in nats, [B]."""

    def kl_from(self, earlier: Self) -> Tensor:
        """Return KL(earlier || self) in nats, [B]."""

    def sample(self, noise: Tensor) -> Tensor:
        """Return the actions that ``noise`` selects."""

    def mode(self) -> Tensor:
        """Return the most probable actions."""


class Categorical:
    """Over ``count`` actions, from logits [B, count]; actions are int64 [B]."""

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        self.log_probabilities = logits.log_softmax(-1)

    def log_prob(self, action: Tensor) -> Tensor:
        """Return log-probabilities, [B]."""
        if (
            torch.compiler.is_compiling()
        ):  # a comparison fuses into its neighbours, a gather (and its scatter) does not
            chosen = action.unsqueeze(-1) == torch.arange(self.logits.shape[-1], device=action.device)
            return torch.where(chosen, self.log_probabilities, 0.0).sum(-1)
        return self.log_probabilities.gather(-1, action.unsqueeze(-1)).squeeze(-1)

    def entropy(self) -> Tensor:
        """Return entropies in nats, [B]."""
        return -(self.log_probabilities.exp() * self.log_probabilities).sum(-1)

    def kl_from(self, earlier: Categorical) -> Tensor:
        """Return KL(earlier || self) in nats, [B]."""
        difference = earlier.log_probabilities - self.log_probabilities
        return (earlier.log_probabilities.exp() * difference).sum(-1)

    def sample(self, noise: Tensor) -> Tensor:
        """Return argmax(logits + Gumbel noise), an exact sample of the softmax."""
        return (self.logits + noise).argmax(-1)

    def mode(self) -> Tensor:
        """Return the most probable actions."""
        return self.logits.argmax(-1)


class DiagonalGaussian:
    """Over real vectors, from ``mean`` and ``log_std`` [B, A]; actions are float32 [B, A]."""

    def __init__(self, mean: Tensor, log_std: Tensor) -> None:
        self.mean = mean
        self.log_std = log_std

    def log_prob(self, action: Tensor) -> Tensor:
        """Return log-densities, [B]."""
        standardised = (action - self.mean) * torch.exp(-self.log_std)
        return (-0.5 * standardised * standardised - self.log_std - _HALF_LOG_TWO_PI).sum(-1)

    def entropy(self) -> Tensor:
        """Return differential entropies in nats, [B]."""
        return (self.log_std + (0.5 + _HALF_LOG_TWO_PI)).sum(-1).expand(self.mean.shape[:-1])

    def kl_from(self, earlier: DiagonalGaussian) -> Tensor:
        """Return KL(earlier || self) in nats, [B]."""
        log_ratio = self.log_std - earlier.log_std
        shift = (earlier.mean - self.mean) * torch.exp(-self.log_std)
        return (log_ratio + 0.5 * (torch.exp(-2 * log_ratio) + shift * shift) - 0.5).sum(-1)

    def sample(self, noise: Tensor) -> Tensor:
        """Return ``mean + std * noise``."""
        return self.mean + torch.exp(self.log_std) * noise

    def mode(self) -> Tensor:
        """Return the means."""
        return self.mean


def gumbel_noise(generator: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Draw standard Gumbel noise: the negative logarithm of a standard exponential variable."""
    exponential: Array = generator.standard_exponential(shape, dtype=np.float32)
    noise: FloatArray = -np.log(np.maximum(exponential, np.float32(1e-30)))
    return noise


def gaussian_noise(generator: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Draw standard normal noise."""
    noise: FloatArray = generator.standard_normal(shape, dtype=np.float32)
    return noise
