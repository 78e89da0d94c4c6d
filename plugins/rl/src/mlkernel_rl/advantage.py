"""Generalised advantage estimation (Schulman et al. 2016, eq. 16), bootstrapped at truncation."""

from __future__ import annotations

import numpy as np

from mlkernel_rl.environments.spaces import Array, FloatArray


def generalised_advantages(
    reward: FloatArray, value: FloatArray, next_value: FloatArray, done: Array, gamma: float, lambda_: float
) -> FloatArray:
    """Return advantages, [T, N].

    :param reward: [T, N].
    :param value: [T, N], the values of the observations acted on.
    :param next_value: [T, N], the values of what each step led to: zero where it terminated, the value of the
        final observation where it was truncated.
    :param done: [T, N] bool, where an episode ended in either way.
    :param gamma: discount factor.
    :param lambda_: the exponential weight of the estimator.
    """
    delta = reward + np.float32(gamma) * next_value - value
    decay = np.float32(gamma * lambda_) * (1 - done.astype(np.float32))
    advantage: FloatArray = np.empty_like(delta)
    running: FloatArray = np.zeros_like(delta[0])
    for t in range(len(delta) - 1, -1, -1):
        running = delta[t] + decay[t] * running
        advantage[t] = running
    return advantage
