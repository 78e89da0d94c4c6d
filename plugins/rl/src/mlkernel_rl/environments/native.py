"""Native environments: pure batched functions, written once for NumPy and torch.

An author writes three functions of a state (a dict of arrays whose first axis is the environment): how an episode
starts, what is observed, and what one step does. Time limits, automatic resets and final observations are added here.
In NumPy the functions run step by step; in torch a whole training iteration around them is compiled into one graph.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Protocol

import numpy as np

from mlkernel_rl.environments.spaces import ActionSpace, Array, FloatArray
from mlkernel_rl.environments.vector import Transition

State = dict[str, Any]
"""Arrays of NumPy or torch by name, each [N, ...]."""


class NativeEnvironment(Protocol):
    """Pure batched dynamics; ``xp`` is the module ``numpy`` or ``torch`` whose arrays the state holds.

    Only functions that both modules have under one name may be used (``where``, ``stack``, ``cos`` ...), and no Python
    branch may depend on an array's values. Everything is float32, except what an author makes otherwise.
    """

    observation_size: int
    actions: ActionSpace
    random_size: int
    max_episode_steps: int

    def reset(self, random: Any, xp: ModuleType) -> State:
        """Return the first state of an episode from ``random`` [N, random_size], uniform in [0, 1)."""

    def observe(self, state: State, xp: ModuleType) -> Any:
        """Return the observations, [N, observation_size]."""

    def step(self, state: State, action: Any, xp: ModuleType) -> tuple[State, Any, Any]:
        """Return the next state, the rewards [N] and where the task ended [N] (bool).

        ``action`` is [N] integers or [N, A] floats within the bounds.
        """


class NativeVector:
    """``count`` native environments stepped with NumPy, as a ``VectorEnvironment``."""

    def __init__(self, environment: NativeEnvironment, count: int, seed: int) -> None:
        self.count = count
        self.observation_size = environment.observation_size
        self.actions = environment.actions
        self._environment = environment
        self._seed = seed
        self.restart()

    def restart(self) -> None:
        """Begin again as after construction: the same episodes in the same order."""
        self._generator = np.random.default_rng(self._seed)
        self._state = self._environment.reset(self._random(), np)
        self._elapsed: Array = np.zeros(self.count, np.int64)

    def observe(self) -> FloatArray:
        """Return the current observations, [N, D]."""
        observation: FloatArray = self._environment.observe(self._state, np)
        return observation

    def step(self, action: Array) -> Transition:
        """Step every environment once; those that end are reset at once."""
        environment = self._environment
        self._state, reward, terminated = environment.step(self._state, action, np)
        self._elapsed += 1
        truncated = (self._elapsed >= environment.max_episode_steps) & ~terminated
        done = terminated | truncated
        observation = environment.observe(self._state, np)
        if not done.any():
            return Transition(observation, reward, terminated, truncated, {})
        final = {int(index): observation[index].copy() for index in np.flatnonzero(done)}
        restarted = environment.reset(self._random(), np)
        self._state = {name: _choose(done, restarted[name], value) for name, value in self._state.items()}
        self._elapsed[done] = 0
        return Transition(environment.observe(self._state, np), reward, terminated, truncated, final)

    def state_dict(self) -> dict[str, Any]:
        """Return the state arrays, the steps since each episode's start, and the generator of new episodes."""
        return {
            "state": {name: value.copy() for name, value in self._state.items()},
            "elapsed": self._elapsed.copy(),
            "generator": self._generator.bit_generator.state,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what :meth:`state_dict` returned."""
        self._state = {name: np.array(value) for name, value in state["state"].items()}
        self._elapsed = np.array(state["elapsed"])
        self._generator.bit_generator.state = state["generator"]

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def _random(self) -> FloatArray:
        shape = (self.count, self._environment.random_size)
        return self._generator.random(shape, dtype=np.float32)


def _choose(done: Array, restarted: Array, value: Array) -> Array:
    return np.where(done.reshape(-1, *[1] * (value.ndim - 1)), restarted, value)
