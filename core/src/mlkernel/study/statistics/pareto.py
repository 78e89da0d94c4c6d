"""Several objectives: which points no other one beats, and how much of the space they dominate.

Everything here is about losses: smaller is better in every coordinate.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

from mlkernel.errors import UsageError

Loss = tuple[float, ...]
MARGIN = 0.1
"""How far the reference point lies beyond the worst point, in spans of the observed values."""


def non_dominated(points: Sequence[Loss]) -> list[int]:
    """Places of the points that no other one dominates, rising; equal points stay together.

    One point dominates another if it is nowhere worse and somewhere better.
    """
    front: list[int] = []
    # Only a point that comes before another in lexicographic order can dominate it.
    for place in sorted(range(len(points)), key=points.__getitem__):
        if not any(dominates(points[other], points[place]) for other in reversed(front)):
            front.append(place)
    return sorted(front)


def dominates(one: Loss, other: Loss) -> bool:
    """Whether *one* is nowhere worse than *other*, and somewhere better."""
    return one != other and all(map(operator.le, one, other))


def reference_point(points: Sequence[Loss]) -> Loss:
    """A point that is worse than all *points*, by a tenth of their span in each objective (1 where there is none)."""
    columns = list(zip(*points, strict=True))
    return tuple(max(column) + (MARGIN * (max(column) - min(column)) or 1.0) for column in columns)


def hypervolume(points: Sequence[Loss], reference: Loss) -> float:
    """The volume that *points* dominate below *reference* (Zitzler and Thiele 1998, section 3).

    :raises UsageError: moocore is not installed.
    """
    inside = [point for point in points if all(a < b for a, b in zip(point, reference, strict=True))]
    if not inside:
        return 0.0
    try:
        import moocore
    except ImportError:
        raise UsageError(
            "the hypervolume needs moocore, which is not installed",
            hint="pip install 'mlkernel[statistics]'",
        ) from None
    return float(moocore.hypervolume(inside, ref=reference))


def hypervolume_history(points: Sequence[Loss], reference: Loss) -> list[float]:
    """The hypervolume of the first point, of the first two, and so on; it never falls.

    :raises UsageError: moocore is not installed.
    """
    front: list[Loss] = []
    volumes: list[float] = []
    for point in points:
        if point not in front and not any(dominates(other, point) for other in front):
            front = [other for other in front if not dominates(point, other)] + [point]
            volumes.append(hypervolume(front, reference))
        else:
            volumes.append(volumes[-1])
    return volumes
