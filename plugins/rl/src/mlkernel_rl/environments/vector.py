"""The one interface through which the trainer steps environments one vector step at a time."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from mlkernel_rl.environments.spaces import ActionSpace, Array, FloatArray


class Transition(NamedTuple):
    """What one vector step over N environments with observations of D numbers gives.

    An environment whose episode ended is reset within the same step: its row of ``observation`` is the first one of
    the next episode, and the last one of the old episode lies in ``final_observation`` under its index.
    """

    observation: FloatArray  # [N, D]
    reward: FloatArray  # [N]
    terminated: npt.NDArray[np.bool_]  # [N], the task ended: the value of what follows is zero
    truncated: npt.NDArray[np.bool_]  # [N], a limit ended it: what follows has a value, which is bootstrapped
    final_observation: dict[int, FloatArray]  # index -> [D], for every environment that ended


class VectorEnvironment(Protocol):
    """N environments stepped together, reset by themselves, restorable exactly."""

    count: int
    observation_size: int
    actions: ActionSpace

    def restart(self) -> None:
        """Begin again as after construction: the same episodes in the same order."""

    def observe(self) -> FloatArray:
        """Return the current observations, [N, D]."""

    def step(self, action: Array) -> Transition:
        """Apply one action per environment: integers [N], or floats [N, A] within the bounds."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue exactly: arrays, numbers, strings, lists and dicts only."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what :meth:`state_dict` returned."""

    def close(self) -> None:
        """Release what the environments hold."""
