"""Any Gymnasium environments, stepped in this process, with exact resume for all of them.

A Gymnasium environment cannot be saved in general. It can be replayed: each episode starts with ``reset(seed=...)``,
whose seed is a stable function of the run's seed, the environment's index and the episode's number, and the actions
since then are recorded. Restoring resets with the same seed and applies the same actions.
"""

from __future__ import annotations

import hashlib
from typing import Any

import gymnasium
import numpy as np

from mlkernel_rl.environments.gymnasium_spaces import Encoder, action_space, observation_encoder
from mlkernel_rl.environments.spaces import ActionSpace, Array, BoxActions, FloatArray
from mlkernel_rl.environments.vector import Transition

GymnasiumEnv = gymnasium.Env[Any, Any]


class EnvironmentReplayError(RuntimeError):
    """A restored environment did not reproduce the observation it was saved at."""


def episode_seed(run_seed: int, environment: int, episode: int) -> int:
    """Return the reset seed of an episode, the same in every process: 31 bits of a SHA-256."""
    digest = hashlib.sha256(f"{run_seed}/{environment}/{episode}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


class GymnasiumVector:
    """Gymnasium environments; see :class:`~mlkernel_rl.environments.vector.VectorEnvironment`."""

    def __init__(self, environments: list[GymnasiumEnv], seed: int) -> None:
        count = self.count = len(environments)
        self._seed = seed
        self._environments = environments
        first = environments[0]
        self._encode: Encoder
        self.observation_size, self._encode = observation_encoder(first.observation_space)
        self.actions: ActionSpace = action_space(first.action_space)
        self._step_functions = [environment.step for environment in self._environments]
        self._recorded: list[list[Any]] = [[] for _ in range(count)]
        self.restart()

    def restart(self) -> None:
        """Begin again with the first episode of every environment."""
        self._episodes = [0] * self.count
        self._observation: FloatArray = np.stack([self._encode(self._reset(i)) for i in range(self.count)])

    def observe(self) -> FloatArray:
        """Return the current observations, [N, D]."""
        return self._observation

    def step(self, action: Array) -> Transition:
        """Step every environment once; those that end are reset at once."""
        observation = np.empty((self.count, self.observation_size), np.float32)
        reward = np.empty(self.count, np.float32)
        terminated, truncated = np.zeros(self.count, np.bool_), np.zeros(self.count, np.bool_)
        final_observation: dict[int, FloatArray] = {}
        encode, recorded = self._encode, self._recorded
        for index, (step, chosen) in enumerate(
            zip(self._step_functions, self._native_actions(action), strict=True)
        ):
            recorded[index].append(chosen)
            raw, reward[index], ended, cut, _ = step(chosen)
            encoded = encode(raw)
            if ended or cut:
                terminated[index], truncated[index] = ended, cut and not ended
                final_observation[index] = np.array(encoded)
                self._episodes[index] += 1
                encoded = encode(self._reset(index))
            observation[index] = encoded
        self._observation = observation
        return Transition(observation, reward, terminated, truncated, final_observation)

    def state_dict(self) -> dict[str, Any]:
        """Return the episode numbers, the actions since each episode's start, and the observations they lead to."""
        return {
            "episodes": list(self._episodes),
            "actions": {str(i): np.asarray(actions) for i, actions in enumerate(self._recorded)},
            "observation": self._observation.copy(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Replay each environment to where it was.

        :raises EnvironmentReplayError: an environment is not a function of its seed and actions alone.
        """
        self._episodes = [int(episode) for episode in state["episodes"]]
        restored = [self._replay(i, np.asarray(state["actions"][str(i)])) for i in range(self.count)]
        self._observation = np.stack(restored)
        expected = np.asarray(state["observation"], np.float32)
        for index in range(self.count):
            if not np.array_equal(self._observation[index], expected[index], equal_nan=True):
                raise EnvironmentReplayError(
                    f"environment {index}, episode {self._episodes[index]}: replaying {len(self._recorded[index])} "
                    "actions did not reproduce the saved observation, so the run cannot continue exactly. Make the "
                    "environment deterministic: take all randomness from self.np_random, which reset(seed=...) seeds."
                )

    def close(self) -> None:
        """Close every environment."""
        for environment in self._environments:
            environment.close()

    def _native_actions(self, action: Array) -> list[Any]:
        if isinstance(self.actions, BoxActions):
            shaped = action.reshape((self.count, *self.actions.shape))
            return list(shaped)
        return (action + self.actions.start).tolist() if self.actions.start else action.tolist()  # type: ignore[no-any-return]

    def _reset(self, index: int) -> Any:
        self._recorded[index] = []
        seed = episode_seed(self._seed, index, self._episodes[index])
        observation, _ = self._environments[index].reset(seed=seed)
        return observation

    def _replay(self, index: int, actions: Array) -> FloatArray:
        observation = self._reset(index)
        discrete = not isinstance(self.actions, BoxActions)
        for action in actions:
            chosen = int(action) if discrete else action
            self._recorded[index].append(chosen)
            observation = self._step_functions[index](chosen)[0]
        return np.array(self._encode(observation), np.float32)
