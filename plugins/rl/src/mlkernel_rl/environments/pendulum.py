"""Pendulum-v1: swing a pendulum up and hold it there, with the constants of Gymnasium's environment."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np

from mlkernel_rl.environments.native import State
from mlkernel_rl.environments.spaces import BoxActions

_GRAVITY = 10.0  # m/s²
_MASS = 1.0  # kg
_LENGTH = 1.0  # m
_STEP = 0.05  # s
_MAX_SPEED = 8.0  # rad/s
_MAX_TORQUE = 2.0  # N·m


class Pendulum:
    """Apply a torque in ±2 N·m; the reward is minus a cost of angle, speed and torque.

    Observations are cosine and sine of the angle (0 is upright) and the angular velocity. An episode never terminates
    and is truncated after 200 steps.
    """

    observation_size = 3
    actions = BoxActions(np.array([-_MAX_TORQUE], np.float32), np.array([_MAX_TORQUE], np.float32), (1,))
    random_size = 2
    max_episode_steps = 200

    def reset(self, random: Any, xp: ModuleType) -> State:
        """Start at any angle, with a speed uniform in ±1 rad/s."""
        centred = random * 2 - 1
        return {"angle": centred[:, 0] * math.pi, "spin": centred[:, 1]}

    def observe(self, state: State, xp: ModuleType) -> Any:
        """Return cosine, sine and angular velocity, [N, 3]."""
        return xp.stack([xp.cos(state["angle"]), xp.sin(state["angle"]), state["spin"]], -1)

    def step(self, state: State, action: Any, xp: ModuleType) -> tuple[State, Any, Any]:
        """Integrate the equation of motion over 0.05 s (semi-implicit Euler)."""
        angle, spin, torque = state["angle"], state["spin"], action[:, 0]
        deviation = angle - 2 * math.pi * xp.floor((angle + math.pi) / (2 * math.pi))  # in [-π, π)
        cost = deviation * deviation + 0.1 * spin * spin + 0.001 * torque * torque
        acceleration = 3 * _GRAVITY / (2 * _LENGTH) * xp.sin(angle) + 3.0 / (_MASS * _LENGTH**2) * torque
        spin = xp.clip(spin + acceleration * _STEP, -_MAX_SPEED, _MAX_SPEED)
        return {"angle": angle + spin * _STEP, "spin": spin}, -cost, xp.zeros_like(spin) > 0
