"""Collecting experience with NumPy: one policy evaluation and one vector step at a time, nothing else in the loop.

Log-probabilities and values are not needed for acting, so they are computed once for the whole rollout afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mlkernel_rl.environments.spaces import Array, BoxActions, DiscreteActions, FloatArray
from mlkernel_rl.environments.vector import VectorEnvironment
from mlkernel_rl.policy import Policy


@dataclass
class Rollout:
    """T steps of N environments with observations of D numbers; allocated once and overwritten by each collection."""

    observation: FloatArray  # [T, N, D], what the policy saw, before normalisation
    action: Array  # [T, N] int64, or [T, N, A] float32 (as sampled, not clipped)
    reward: FloatArray  # [T, N]
    terminated: Array  # [T, N] bool
    truncated: Array  # [T, N] bool
    last_observation: FloatArray  # [N, D], after the last step
    final_observation: dict[tuple[int, int], FloatArray] = field(
        default_factory=dict
    )  # (t, n) -> [D], where truncated

    @classmethod
    def allocate(cls, steps: int, environment: VectorEnvironment) -> Rollout:
        """Return an empty rollout of the right shapes."""
        shape = (steps, environment.count)
        actions = environment.actions
        action: Array = (
            np.zeros(shape, np.int64)
            if isinstance(actions, DiscreteActions)
            else np.zeros((*shape, actions.size), np.float32)
        )
        size = environment.observation_size
        return cls(
            observation=np.zeros((*shape, size), np.float32),
            action=action,
            reward=np.zeros(shape, np.float32),
            terminated=np.zeros(shape, np.bool_),
            truncated=np.zeros(shape, np.bool_),
            last_observation=np.zeros((environment.count, size), np.float32),
        )

    @property
    def done(self) -> Array:
        """Return where an episode ended, [T, N] bool."""
        return self.terminated | self.truncated


def collect(environment: VectorEnvironment, policy: Policy, noise: FloatArray, rollout: Rollout) -> None:
    """Fill ``rollout`` with the environment's next steps; ``noise`` [T, N, A] decides the actions."""
    actions = environment.actions
    bounds = (actions.low, actions.high) if isinstance(actions, BoxActions) else None
    observation = environment.observe()
    rollout.final_observation.clear()
    for t in range(len(noise)):
        action = policy(observation, noise[t])
        rollout.observation[t] = observation
        rollout.action[t] = action
        observation, rollout.reward[t], ended, cut, final = environment.step(
            action if bounds is None else np.clip(action, *bounds)
        )
        rollout.terminated[t], rollout.truncated[t] = ended, cut
        for index, last in final.items():
            if cut[index]:
                rollout.final_observation[t, index] = last
    rollout.last_observation[:] = observation
