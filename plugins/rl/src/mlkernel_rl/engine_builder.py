"""From a road to the engine that takes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import attrs
import numpy as np
import torch
from torch import nn

from mlkernel_rl.collector import Collector
from mlkernel_rl.compiled_engine import CompiledEngine
from mlkernel_rl.eager_engine import EagerEngine
from mlkernel_rl.engine import Engine, EngineSettings
from mlkernel_rl.environments.choice import EnvironmentChoice
from mlkernel_rl.environments.spaces import DiscreteActions
from mlkernel_rl.environments.vector import VectorEnvironment
from mlkernel_rl.graph_cache import GraphCache, default_cache_directory
from mlkernel_rl.iteration_graph import Networks
from mlkernel_rl.native_engine import NativeEngine
from mlkernel_rl.networks import Actor, Critic
from mlkernel_rl.normalisation import RewardScaling, RunningMoments
from mlkernel_rl.policy import acting_policy
from mlkernel_rl.rl_config import RlConfig
from mlkernel_rl.road import EAGER

_NOT_IN_THE_GRAPH = frozenset(
    "iterations lr lr_schedule log_every evaluate_every evaluation_episodes test_episodes test_with record_episodes "
    "learning_curve".split()
)


@dataclass
class EngineParts:
    """What every engine is built of."""

    config: RlConfig
    choice: EnvironmentChoice
    environment: VectorEnvironment
    actor: Actor
    critic: Critic
    loss_module: nn.Module
    moments: RunningMoments | None
    reward_scaling: RewardScaling | None
    generator: np.random.Generator
    first_episode_seed: int
    device: torch.device

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


def build_engine(road: str, parts: EngineParts) -> Engine:
    """Return the engine for *road*, in its first state."""
    if road == EAGER:
        return EagerEngine(
            actor=parts.actor,
            critic=parts.critic,
            loss_module=parts.loss_module,
            collector=_collector(parts),
            settings=parts.settings,
            generator=parts.generator,
            device=parts.device,
        )
    shared: dict[str, Any] = {
        "networks": Networks.of(parts.actor, parts.critic, parts.loss_module),
        "metric_names": metric_names(parts),
        "settings": parts.settings,
        "generator": parts.generator,
        "cache": GraphCache(default_cache_directory()),
        "key": graph_key(parts),
        "device": parts.device,
    }
    if parts.choice.native is None:
        return CompiledEngine(collector=_collector(parts), **shared)
    return NativeEngine(
        environment=parts.choice.native,
        first_episode=np.random.default_rng(parts.first_episode_seed),
        moments=parts.moments,
        reward_scaling=parts.reward_scaling,
        **shared,
    )


def metric_names(parts: EngineParts) -> list[str]:
    """Return the sorted names of the loss module's entries, found by calling it on two empty transitions."""
    device, actions = parts.device, parts.environment.actions
    row = torch.zeros(2, device=device)
    action = row.long() if isinstance(actions, DiscreteActions) else torch.zeros(2, actions.size, device=device)
    names = ("log_prob", "value", "advantage", "value_target", "reward")
    batch = {name: row for name in names}
    batch["observation"] = torch.zeros(2, parts.environment.observation_size, device=device)
    batch["action"] = action
    with torch.no_grad():
        return sorted(parts.loss_module(batch))


def graph_key(parts: EngineParts) -> dict[str, Any]:
    """Return, as JSON values, what a graph depends on besides code and shapes."""
    config = attrs.asdict(parts.config, filter=lambda field, _: field.name not in _NOT_IN_THE_GRAPH)
    modules = (parts.actor, parts.critic, parts.loss_module)
    return {
        "config": repr(config),
        "environment": repr(_plain_attributes(parts.choice.native or parts.environment)),
        "modules": [[type(m).__module__, type(m).__qualname__, repr(m), repr(_plain_attributes(m))] for m in modules],
    }


def _plain_attributes(owner: object) -> list[tuple[str, Any]]:
    plain = (bool, int, float, str, tuple)
    values = {**vars(type(owner)), **vars(owner)}
    return sorted((k, v) for k, v in values.items() if isinstance(v, plain) and not k.startswith("__"))


def _collector(parts: EngineParts) -> Collector:
    return Collector(
        parts.environment,
        partial(acting_policy, parts.actor, parts.moments, parts.device),
        parts.config.steps,
        parts.generator,
        parts.moments,
        parts.reward_scaling,
    )
