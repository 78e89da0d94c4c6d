"""A TorchRL environment with Gymnasium's interface: general, and slow, because every step builds TensorDicts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from tensordict import TensorDictBase
from torchrl.data import Categorical, OneHot, TensorSpec
from torchrl.envs import EnvBase

from mlkernel_rl.environments.gymnasium_spaces import UnsupportedSpaceError
from mlkernel_rl.environments.spaces import Array


class TorchRLEnvironment(gymnasium.Env[Any, Any]):
    """Steps one unbatched TorchRL environment whose specs name one ``observation`` and one ``action``."""

    def __init__(self, environment: EnvBase) -> None:
        if environment.batch_size:
            raise UnsupportedSpaceError(
                f"the TorchRL environment has batch size {tuple(environment.batch_size)}",
                hint="Return one without; env.count says how many are made.",
            )
        if "observation" not in environment.observation_spec.keys():  # noqa: SIM118 - it is no mapping
            raise UnsupportedSpaceError(
                f"the TorchRL environment observes {sorted(map(str, environment.observation_spec.keys()))}",
                hint="Name one entry 'observation', for example with torchrl.envs.CatTensors or RenameTransform.",
            )
        self._environment = environment
        self._one_hot = isinstance(environment.action_spec, OneHot)
        self.observation_space = _space(environment.observation_spec["observation"])
        self.action_space = _space(environment.action_spec)
        self._randomness = torch.get_rng_state()
        self._now: TensorDictBase = environment.reset()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin an episode; the seed goes to the environment and to torch, from which many draw."""
        with self._own_randomness():
            if seed is not None:
                torch.manual_seed(seed)
                self._environment.set_seed(seed)
            self._now = self._environment.reset()
        return self._observation(self._now), {}

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Apply an action."""
        chosen = torch.as_tensor(action)
        if self._one_hot:
            chosen = torch.nn.functional.one_hot(chosen, self._environment.action_spec.space.n)
        with self._own_randomness():
            after = self._environment.step(self._now.set("action", chosen))["next"]
        self._now = after.exclude("reward")
        truncated = bool(after.get("truncated", torch.zeros(1)).any())
        return (
            self._observation(after),
            float(after["reward"]),
            bool(after["terminated"].any()),
            truncated,
            {},
        )

    def close(self) -> None:
        """Close the environment."""
        if not self._environment.is_closed:
            self._environment.close()

    @contextmanager
    def _own_randomness(self) -> Iterator[None]:
        """Let the environment draw from torch without a trace in what the trainer or another environment draws.

        An episode is then a function of its seed and actions, whatever happens around it, and can be replayed.
        """
        outside = torch.get_rng_state()
        torch.set_rng_state(self._randomness)
        try:
            yield
        finally:
            self._randomness = torch.get_rng_state()
            torch.set_rng_state(outside)

    def _observation(self, data: TensorDictBase) -> Array:
        observation: Array = data["observation"].detach().cpu().numpy().copy()
        return observation


def _space(spec: TensorSpec) -> spaces.Space[Any]:
    if isinstance(spec, OneHot | Categorical):
        return spaces.Discrete(int(spec.space.n))
    shape = tuple(spec.shape)
    low, high = getattr(spec.space, "low", None), getattr(spec.space, "high", None)
    if low is None or high is None:
        return spaces.Box(-np.inf, np.inf, shape, np.float32)
    return spaces.Box(low.numpy().astype(np.float32), high.numpy().astype(np.float32), shape, np.float32)
