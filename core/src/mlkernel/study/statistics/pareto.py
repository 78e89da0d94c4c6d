"""Several objectives: which points no other one beats, and how much of the space they dominate.

Everything here is about losses: smaller is better in every coordinate.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from mlkernel.errors import UsageError

Loss = tuple[float, ...]
MARGIN = 0.1
"""How far the reference point lies beyond the worst point, in spans of the observed values."""
SWEPT = 3
"""Up to so many objectives, a sweep over the sorted points finds the front."""


def non_dominated(points: Sequence[Loss]) -> list[int]:
    """Places of the points that no other one dominates, rising; equal points stay together.

    One point dominates another if it is nowhere worse and somewhere better. With up to three objectives the front of
    100,000 points takes half a second at most; with more, moocore is many times as fast where it is installed.

    :param points: without NaN.
    """
    if points and len(points[0]) > SWEPT:
        try:
            import moocore
            import numpy as np
        except ImportError:
            pass
        else:
            # Ranks, which compare as the values do: moocore 0.3 takes infinities for worse than they are.
            columns = [np.unique(column, return_inverse=True)[1] for column in zip(*points, strict=True)]
            found = moocore.is_nondominated(np.column_stack(columns).astype(float), keep_weakly=True)
            return [int(place) for place in found.nonzero()[0]]
    return sorted(front_in_order(points))


def front_in_order(points: Sequence[Loss]) -> Iterator[int]:
    """The same places in lexicographic order of the points, equal ones rising; what is not asked for is not sought."""
    # Only a point that comes before another in this order can dominate it.
    order = sorted(range(len(points)), key=points.__getitem__)
    if not points or len(points[0]) > SWEPT:
        return _compared(points, order)
    return _swept_plane(points, order) if len(points[0]) == 2 else _swept_space(points, order)


def _swept_plane(points: Sequence[Loss], order: Sequence[int]) -> Iterator[int]:
    """With two objectives, the best second value so far tells (Kung, Luccio and Preparata, JACM 22, 1975)."""
    newest = points[order[0]]
    lowest = newest[1]
    for place in order:
        point = points[place]
        if point[1] < lowest or point == newest:
            newest = point
            lowest = point[1]
            yield place


def _swept_space(points: Sequence[Loss], order: Sequence[int]) -> Iterator[int]:
    """With three, a staircase tells: the points so far that no other one beats in the last two objectives (*ibid.*).

    One objective is three of which two are always equal.
    """
    steps: list[float] = []
    """Second values, rising."""
    height: dict[float, float] = {}
    """The third value of each step; falling along the steps."""
    newest: Loss | None = None
    for place in order:
        point = points[place]
        if point != newest:
            second, third = (*point[1:], 0.0, 0.0)[:2]
            after = bisect_right(steps, second)
            if after and height[steps[after - 1]] <= third:
                continue
            first = after - 1 if after and steps[after - 1] == second else after
            while after < len(steps) and height[steps[after]] >= third:
                after += 1
            steps[first:after] = [second]
            height[second] = third
            newest = point
        yield place


def _compared(points: Sequence[Loss], order: Sequence[int]) -> Iterator[int]:
    """With more, each point is compared with the front so far."""
    front: list[int] = []
    for place in order:
        if not any(dominates(points[other], points[place]) for other in reversed(front)):
            front.append(place)
            yield place


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
