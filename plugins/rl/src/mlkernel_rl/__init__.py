"""Reinforcement learning for mlkernel. Names are imported when they are first used, so that --help is quick."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlkernel_rl.environments.native import NativeEnvironment
    from mlkernel_rl.environments.spaces import BoxActions, DiscreteActions
    from mlkernel_rl.losses import Batch
    from mlkernel_rl.ppo import PPO, PPOLoss
    from mlkernel_rl.ppo_config import PPOConfig
    from mlkernel_rl.rl_config import EnvironmentConfig, NetworkConfig, RlConfig
    from mlkernel_rl.tensordict_rl_trainer import TensorDictRlTrainer

__all__ = [
    "PPO",
    "Batch",
    "BoxActions",
    "DiscreteActions",
    "EnvironmentConfig",
    "NativeEnvironment",
    "NetworkConfig",
    "PPOConfig",
    "PPOLoss",
    "RlConfig",
    "TensorDictRlTrainer",
]

_MODULES = {
    "PPO": "ppo",
    "PPOLoss": "ppo",
    "Batch": "losses",
    "BoxActions": "environments.spaces",
    "DiscreteActions": "environments.spaces",
    "NativeEnvironment": "environments.native",
    "EnvironmentConfig": "rl_config",
    "NetworkConfig": "rl_config",
    "RlConfig": "rl_config",
    "PPOConfig": "ppo_config",
    "TensorDictRlTrainer": "tensordict_rl_trainer",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
