"""CartPole-v1: a pole on a cart (Barto, Sutton and Anderson 1983), with the constants of Gymnasium's environment."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

from mlkernel_rl.environments.native import State
from mlkernel_rl.environments.spaces import DiscreteActions

_GRAVITY = 9.8  # m/s²
_POLE_MASS = 0.1  # kg
_TOTAL_MASS = 1.1  # kg, cart and pole
_HALF_LENGTH = 0.5  # m
_POLE_MOMENT = _POLE_MASS * _HALF_LENGTH  # kg·m
_FORCE = 10.0  # N
_STEP = 0.02  # s
_POSITION_LIMIT = 2.4  # m
_ANGLE_LIMIT = 12 * 2 * math.pi / 360  # rad


class CartPole:
    """Push a cart left (0) or right (1) so that its pole stays up; a reward of 1 for every step.

    Observations are position (m), velocity, angle (rad) and angular velocity. An episode terminates when the cart
    leaves ±2.4 m or the pole ±12 degrees, and is truncated after 500 steps.
    """

    observation_size = 4
    actions = DiscreteActions(2)
    random_size = 4
    max_episode_steps = 500

    def reset(self, random: Any, xp: ModuleType) -> State:
        """Start with all four numbers uniform in ±0.05."""
        start = random * 0.1 - 0.05
        return {"x": start[:, 0], "v": start[:, 1], "angle": start[:, 2], "spin": start[:, 3]}

    def observe(self, state: State, xp: ModuleType) -> Any:
        """Return position, velocity, angle and angular velocity, [N, 4]."""
        return xp.stack([state["x"], state["v"], state["angle"], state["spin"]], -1)

    def step(self, state: State, action: Any, xp: ModuleType) -> tuple[State, Any, Any]:
        """Integrate the equations of motion over 0.02 s (explicit Euler)."""
        x, v, angle, spin = state["x"], state["v"], state["angle"], state["spin"]
        push = xp.full_like(x, _FORCE)
        force = xp.where(action == 1, push, -push)
        cos, sin = xp.cos(angle), xp.sin(angle)
        drive = (force + _POLE_MOMENT * spin * spin * sin) / _TOTAL_MASS
        angular_acceleration = (_GRAVITY * sin - cos * drive) / (
            _HALF_LENGTH * (4.0 / 3.0 - _POLE_MASS * cos * cos / _TOTAL_MASS)
        )
        acceleration = drive - _POLE_MOMENT * angular_acceleration * cos / _TOTAL_MASS
        moved = {
            "x": x + _STEP * v,
            "v": v + _STEP * acceleration,
            "angle": angle + _STEP * spin,
            "spin": spin + _STEP * angular_acceleration,
        }
        terminated = (abs(moved["x"]) > _POSITION_LIMIT) | (abs(moved["angle"]) > _ANGLE_LIMIT)
        return moved, xp.ones_like(x), terminated
