"""Domination among several losses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def domination_ranks(losses: Sequence[Sequence[float]]) -> list[int]:
    """For each row of *losses*, how many fronts must be taken away until nothing dominates it; 0 for the best.

    Deb et al., *A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II*, IEEE TEC 6 (2002), section III A.
    """
    if not losses:
        return []
    table = np.asarray(losses, dtype=float)
    if table.shape[1] == 1:  # each front is one value
        return [int(found) for found in np.unique(table[:, 0], return_inverse=True)[1]]
    no_worse = np.all(table[:, None, :] <= table[None, :, :], axis=2)
    better = np.any(table[:, None, :] < table[None, :, :], axis=2)
    dominates = np.logical_and(no_worse, better)
    ranks = np.full(len(table), -1)
    rank = 0
    while (ranks < 0).any():
        left = ranks < 0
        front = left & ~dominates[left].any(axis=0)
        ranks[front] = rank
        rank += 1
    return [int(found) for found in ranks]
