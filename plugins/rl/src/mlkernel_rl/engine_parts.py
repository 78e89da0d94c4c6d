"""What every engine is built of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from mlkernel_rl.collector import Collector
from mlkernel_rl.engine import EngineSettings
from mlkernel_rl.environments.choice import EnvironmentChoice
from mlkernel_rl.environments.vector import VectorEnvironment
from mlkernel_rl.networks import Actor, Critic
from mlkernel_rl.normalisation import RewardScaling, RunningMoments
from mlkernel_rl.policy import acting_policy
from mlkernel_rl.rl_config import RlConfig


@dataclass
class EngineParts:
    """The environments, modules, statistics and random streams of a run, and where it computes."""

    config: RlConfig
    choice: EnvironmentChoice
    environment: VectorEnvironment
    actor: Actor
    critic: Critic
    loss_module: nn.Module
    value_estimator: Any
    moments: RunningMoments | None
    reward_scaling: RewardScaling | None
    generator: np.random.Generator
    first_episode_seed: int
    device: torch.device
    announce: Callable[[str], None]
    """Told, before it begins, of work that takes long."""

    @property
    def settings(self) -> EngineSettings:
        """The sizes and constants of an iteration."""
        config = self.config
        return EngineSettings(
            steps=config.steps,
            count=config.env.count,
            epochs=config.epochs,
            minibatches=config.minibatches,
            gamma=config.gamma,
            gae_lambda=config.gae_lambda,
            max_grad_norm=config.max_grad_norm,
        )

    def collector(self) -> Collector:
        """Return a collector of rollouts from the environments."""
        return Collector(
            self.environment,
            partial(acting_policy, self.actor, self.moments, self.device),
            self.config.steps,
            self.generator,
            self.moments,
            self.reward_scaling,
        )
