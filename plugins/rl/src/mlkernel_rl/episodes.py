"""Returns and lengths of the training episodes, put together from rollouts."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from torch import Tensor

from mlkernel_rl.engine import IterationOutcome
from mlkernel_rl.environments.spaces import Array

WINDOW = 100


class Episodes:
    """Follows N environments; the newest 100 finished episodes give the running means."""

    def __init__(self, count: int) -> None:
        self.finished = 0
        self._return: Array = np.zeros(count)
        self._length: Array = np.zeros(count, np.int64)
        self._newest: deque[tuple[float, int]] = deque(maxlen=WINDOW)
        self._pending: list[tuple[Tensor | Array, Tensor | Array, Tensor | Array]] = []

    def add(self, outcome: IterationOutcome) -> None:
        """Take an iteration's rewards. Those on an accelerator stay there until they are asked for."""
        rollout = (outcome.reward, outcome.terminated, outcome.truncated)
        if isinstance(outcome.reward, Tensor) and outcome.reward.is_cuda:
            self._pending.append(rollout)
        else:
            self._count(*(np.asarray(part) for part in rollout))

    def statistics(self) -> dict[str, float]:
        """Return the mean return and length of the newest episodes, once there is one, and how many there were."""
        self._settle()
        if not self._newest:
            return {"episodes": self.finished}
        returns, lengths = zip(*self._newest, strict=True)
        return {
            "episodes": self.finished,
            "train_return": float(np.mean(returns)),
            "train_length": float(np.mean(lengths)),
        }

    def state_dict(self) -> dict[str, Any]:
        """Return the unfinished episodes and the newest finished ones."""
        self._settle()
        return {
            "finished": self.finished,
            "return": self._return.copy(),
            "length": self._length.copy(),
            "newest": [[total, length] for total, length in self._newest],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.finished = int(state["finished"])
        self._return, self._length = np.array(state["return"]), np.array(state["length"])
        self._newest.clear()
        self._newest.extend((float(total), int(length)) for total, length in state["newest"])

    def _settle(self) -> None:
        for rollout in self._pending:
            self._count(*(np.asarray(part.cpu() if isinstance(part, Tensor) else part) for part in rollout))
        self._pending.clear()

    def _count(self, reward: Array, terminated: Array, truncated: Array) -> None:
        """Add a rollout [T, N]: sums up to each episode's end, found from running sums and not step by step."""
        sums = np.cumsum(reward, axis=0, dtype=np.float64)
        begun_at, begun_sum = -self._length, -self._return
        for t, n in zip(*np.nonzero(terminated | truncated), strict=True):
            self._newest.append((float(sums[t, n] - begun_sum[n]), int(t + 1 - begun_at[n])))
            self.finished += 1
            begun_at[n], begun_sum[n] = t + 1, sums[t, n]
        self._return = sums[-1] - begun_sum
        self._length = len(reward) - begun_at
