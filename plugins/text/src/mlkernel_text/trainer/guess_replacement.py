"""Replacing a share of the decider's guesses by the truth, so that it learns to decide before it can."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlkernel_text.scenario.stable_random import stable_hash
from mlkernel_text.trainer.guess_replacement_config import GuessReplacementConfig


def replaced_share(config: GuessReplacementConfig, iteration: int) -> float:
    """The share of rollouts in [0, 1] whose last guess is replaced in *iteration*."""
    if config.annealing == "linear":
        return max(0.0, config.proportion - config.rate * iteration)
    if config.annealing == "exponential":
        return config.proportion * float((1.0 - config.rate) ** iteration)
    return config.proportion


def split_for_replacement(
    count: int, share: float, *, seed: int, iteration: int, agent: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw which of *count* rollouts have their guess replaced.

    :returns: indices of those with replacement, and of the others; both ascending.
    """
    random = np.random.default_rng(stable_hash("guess replacement", seed, iteration, agent))
    order = random.permutation(count)
    replaced = int(share * count)
    return np.sort(order[:replaced]), np.sort(order[replaced:])
