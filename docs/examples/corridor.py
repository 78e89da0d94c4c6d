"""A native environment: three pure functions, written once for NumPy and torch."""

from types import ModuleType
from typing import Any

from mlkernel_rl import DiscreteActions


class Corridor:
    """Walk to the right end of a corridor; each step costs 0.05, arriving gives 1."""

    observation_size = 1
    actions = DiscreteActions(2)
    random_size = 1
    max_episode_steps = 30

    def reset(self, random: Any, xp: ModuleType) -> dict[str, Any]:
        return {"position": random[:, 0] * 0.5}

    def observe(self, state: dict[str, Any], xp: ModuleType) -> Any:
        return xp.stack([state["position"]], -1)

    def step(self, state: dict[str, Any], action: Any, xp: ModuleType) -> tuple[dict[str, Any], Any, Any]:
        stride = xp.full_like(state["position"], 0.1)
        position = (state["position"] + xp.where(action == 1, stride, -stride)).clip(0.0)
        arrived = position >= 1.0
        reward = xp.where(arrived, xp.ones_like(position), xp.full_like(position, -0.05))
        return {"position": position}, reward, arrived
