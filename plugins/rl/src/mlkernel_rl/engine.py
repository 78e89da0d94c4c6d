"""What one training iteration is, whichever road computes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from torch import Tensor

from mlkernel_rl.adam import AdamSettings
from mlkernel_rl.environments.spaces import Array


@dataclass(frozen=True)
class EngineSettings:
    """The sizes and constants of an iteration."""

    steps: int
    count: int
    epochs: int
    minibatches: int
    gamma: float
    gae_lambda: float
    max_grad_norm: float

    @property
    def adam(self) -> AdamSettings:
        """The optimiser's settings."""
        return AdamSettings(self.max_grad_norm)

    @property
    def batch(self) -> int:
        """Transitions in one rollout."""
        return self.steps * self.count

    def minibatch_indices(self, generator: np.random.Generator) -> Array:
        """Draw a permutation per epoch, cut into minibatches: [updates, M], or [updates, 0] for whole batches."""
        if self.minibatches == 1:
            return np.zeros((self.epochs, 0), np.int64)
        rows = np.tile(np.arange(self.batch), (self.epochs, 1))
        return generator.permuted(rows, axis=1).reshape(self.epochs * self.minibatches, -1)


class IterationOutcome(NamedTuple):
    """What an iteration tells; tensors stay on their device until somebody needs them."""

    reward: Tensor | Array  # [T, N]
    terminated: Tensor | Array  # [T, N]
    truncated: Tensor | Array  # [T, N]
    metrics: Mapping[str, Tensor]  # the loss module's entries, [updates] each


class Engine(Protocol):
    """Collects a rollout and makes the updates of one iteration; the parameters of the modules change in place."""

    road: str
    """Which road this is, for people."""

    def iterate(self, learning_rate: float) -> IterationOutcome:
        """Do one iteration."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the modules and the random streams."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
