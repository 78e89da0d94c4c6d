"""Running mean and variance of observations and returns, and what is normalised with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlkernel_rl.environments.spaces import Array, FloatArray

_EPSILON = 1e-8


class RunningMoments:
    """Mean and variance of all rows seen so far, by the parallel update of Chan, Golub and LeVeque (1979), eq. 2.1.

    Kept in float64 and [D]. The statistics change only in :meth:`update`, so that a whole rollout, and an
    evaluation, sees one fixed normalisation.
    """

    def __init__(self, size: int, clip: float) -> None:
        self.count = 0.0
        self.mean: Array = np.zeros(size)
        self.variance: Array = np.ones(size)
        self.clip = clip
        self._refresh()

    def update(self, rows: Array) -> None:
        """Merge the moments of ``rows`` [B, D] into the running ones."""
        count = len(rows)
        mean, variance = rows.mean(0, dtype=np.float64), rows.var(0, dtype=np.float64)
        total = self.count + count
        shift = mean - self.mean
        before = self.variance * self.count if self.count else 0.0
        self.mean = self.mean + shift * (count / total)
        self.variance = (before + variance * count + shift * shift * (self.count * count / total)) / total
        self.count = total
        self._refresh()

    def normalise(self, rows: FloatArray) -> FloatArray:
        """Return ``(rows - mean) / std`` clipped to ``[-clip, clip]``, float32."""
        normalised: FloatArray = np.clip((rows - self.offset) * self.scale, -self.clip, self.clip)
        return normalised

    def state_dict(self) -> dict[str, Any]:
        """Return count, mean and variance."""
        return {"count": self.count, "mean": self.mean.copy(), "variance": self.variance.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.count = float(state["count"])
        self.mean, self.variance = np.asarray(state["mean"]).copy(), np.asarray(state["variance"]).copy()
        self._refresh()

    def _refresh(self) -> None:
        self.offset: FloatArray = self.mean.astype(np.float32)
        self.scale: FloatArray = (1 / np.sqrt(self.variance + _EPSILON)).astype(np.float32)


class RewardScaling:
    """Rewards divided by the standard deviation of the discounted return (Engstrom et al. 2020, appendix A.1).

    The running return of each environment starts anew with each episode.
    """

    def __init__(self, environments: int, gamma: float, clip: float) -> None:
        self._gamma = gamma
        self._return: Array = np.zeros(environments)
        self._moments = RunningMoments(1, clip)
        self.clip = clip

    def __call__(self, reward: FloatArray, done: Array) -> FloatArray:
        """Return a rollout's rewards [T, N], scaled by the statistics before it, and then add it to the statistics."""
        scaled: FloatArray = np.clip(reward * self.scale, -self.clip, self.clip)
        returns = np.empty(reward.shape)
        for t in range(len(reward)):
            self._return = self._return * self._gamma + reward[t]
            returns[t] = self._return
            self._return = np.where(done[t], 0.0, self._return)
        self._moments.update(returns.reshape(-1, 1))
        return scaled

    @property
    def scale(self) -> FloatArray:
        """What rewards are multiplied by, [1]."""
        return self._moments.scale

    def state_dict(self) -> dict[str, Any]:
        """Return the statistics and the returns so far."""
        return {"return": self._return.copy(), "moments": self._moments.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self._return = np.asarray(state["return"]).copy()
        self._moments.load_state_dict(state["moments"])
