"""A point that was not tried yet, when an algorithm itself finds none."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from mlkernel import SearchSpace

DRAWS = 100
"""Random points that are tried before all points of a finite space are gone through."""


def unseen_point(
    space: SearchSpace, rng: random.Random, is_known: Callable[[Mapping[str, Any]], bool], *, is_finite: bool
) -> dict[str, Any] | None:
    """Return a random point that is not known; ``None`` if there is none, or none was found.

    :param is_finite: all points can be gone through.
    """
    for _ in range(DRAWS):
        point = space.sample(rng)
        if not is_known(point):
            return point
    if not is_finite:
        return None
    return next((point for point in space.every_point() if not is_known(point)), None)
