"""Settings of the optimiser."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AdamSettings:
    """Adam (Kingma and Ba 2015) as PPO uses it."""

    max_grad_norm: float
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-5
