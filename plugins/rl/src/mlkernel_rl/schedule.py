"""Schedules of learning rate and clipping range over a run."""

from __future__ import annotations

import math


def remaining_share(schedule: str, iteration: int, iterations: int) -> float:
    """Return by what a value is multiplied at *iteration* (from 0) of *iterations*.

    :param schedule: ``constant`` (1 throughout), ``linear`` (from 1 to 0) or ``cosine`` (from 1 to 0, half a period).
    :param iteration: the current one.
    :param iterations: how many there are.
    """
    if schedule == "constant":
        return 1.0
    progress = min(iteration / iterations, 1.0)
    if schedule == "linear":
        return 1.0 - progress
    return 0.5 * (1.0 + math.cos(math.pi * progress))
