"""What a policy needs to know about an environment's observations and actions, without importing Gymnasium."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class DiscreteActions:
    """Actions ``start, ..., start + count - 1``; the policy itself always counts from zero."""

    count: int
    start: int = 0


@dataclass(frozen=True, eq=False)
class BoxActions:
    """Real vectors of ``size`` numbers; what is sampled is clipped to ``[low, high]`` for the environment."""

    low: FloatArray
    high: FloatArray
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Numbers in one action."""
        return int(np.prod(self.shape))


ActionSpace = DiscreteActions | BoxActions
