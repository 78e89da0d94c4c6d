"""Rollouts one after another from environments that are stepped in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mlkernel_rl.distributions import gaussian_noise, gumbel_noise
from mlkernel_rl.environments.spaces import ActionSpace, DiscreteActions, FloatArray
from mlkernel_rl.environments.vector import VectorEnvironment
from mlkernel_rl.normalisation import RewardScaling, RunningMoments
from mlkernel_rl.policy import Policy
from mlkernel_rl.rollout import Rollout, collect


class Collector:
    """Steps the environments under the policy and keeps the statistics that normalise what they give.

    Observations and rewards of a rollout are normalised by the statistics of the rollouts before it. The policy is made
    anew for each rollout: it may hold views of parameters, which an optimiser is free to move.
    """

    def __init__(
        self,
        environment: VectorEnvironment,
        make_policy: Callable[[], Policy],
        steps: int,
        generator: np.random.Generator,
        moments: RunningMoments | None,
        reward_scaling: RewardScaling | None,
    ) -> None:
        self.environment = environment
        self._make_policy = make_policy
        self._generator = generator
        self._moments = moments
        self._reward_scaling = reward_scaling
        self._rollout = Rollout.allocate(steps, environment)
        self._noise_shape = (steps, environment.count)

    def collect(self) -> tuple[Rollout, FloatArray]:
        """Return the next rollout, its observations normalised, and its rewards as the learner sees them, [T, N].

        The rollout is overwritten by the next call.
        """
        rollout = self._rollout
        noise = action_noise(self._generator, self._noise_shape, self.environment.actions)
        collect(self.environment, self._make_policy(), noise, rollout)
        reward = rollout.reward
        if self._reward_scaling is not None:
            reward = self._reward_scaling(reward, rollout.done)
        if self._moments is not None:
            self._normalise(rollout, self._moments)
        return rollout, reward

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the environments."""
        return self.environment.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.environment.load_state_dict(state)

    def _normalise(self, rollout: Rollout, moments: RunningMoments) -> None:
        seen = rollout.observation.reshape(-1, rollout.observation.shape[-1]).copy()
        rollout.observation[:] = moments.normalise(rollout.observation)
        rollout.last_observation[:] = moments.normalise(rollout.last_observation)
        for place, observation in rollout.final_observation.items():
            rollout.final_observation[place] = moments.normalise(observation)
        moments.update(seen)


def action_noise(generator: np.random.Generator, shape: tuple[int, int], actions: ActionSpace) -> FloatArray:
    """Draw what decides the actions of a rollout, [T, N, A]."""
    if isinstance(actions, DiscreteActions):
        return gumbel_noise(generator, (*shape, actions.count))
    return gaussian_noise(generator, (*shape, actions.size))
