"""One metric of one run as a curve, and the curve of several runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from mlkernel.records.metrics import MetricRecord

Values = NDArray[np.float64]

STUDENT_975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""97.5 % quantiles of Student's t for 1 to 30 degrees of freedom; beyond, the normal distribution's will do."""
NORMAL_975 = 1.960

MOST_POINTS = 500
"""Points of a curve whose runs were logged at different places."""


@frozen(eq=False)
class Curve:
    """Points in order of x; float64, both of shape (points,)."""

    x: Values
    y: Values


@frozen(eq=False)
class Band:
    """Mean and interval of several curves; float64, all of shape (points,)."""

    x: Values
    mean: Values
    low: Values
    high: Values


def read_curve(records: Iterable[MetricRecord], metric: str, phase: str, x: str) -> Curve:
    """The values of *metric* in *phase* over *x*.

    :param x: ``"iteration"``, ``"time"`` (seconds), or another metric, whose newest value at each point counts,
        whatever phase logged it. Iterations of a loop that is entered again and again are counted through.
    :returns: infinite values become NaN, which is drawn as a gap.
    """
    points: list[tuple[float, float]] = []
    earlier, last_iteration, newest_x = 0, -1, math.nan
    for record in records:
        newest_x = record.metrics.get(x, newest_x)
        if record.phase != phase:
            continue
        if record.iteration < last_iteration:
            earlier += last_iteration + 1
        last_iteration = record.iteration
        if metric in record.metrics:
            place = {"iteration": earlier + record.iteration, "time": record.time}.get(x, newest_x)
            points.append((place, record.metrics[metric]))
    points = sorted((point for point in points if not math.isnan(point[0])), key=lambda point: point[0])
    table = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    return Curve(table[:, 0], np.where(np.isfinite(table[:, 1]), table[:, 1], np.nan))


def smoothed(curve: Curve, weight: float) -> Curve:
    """Exponential moving average, corrected for its start as in Adam (Kingma and Ba 2015, section 3).

    :param weight: of the past, from 0 (none) to below 1; NaN stays and does not count.
    """
    average, correction = 0.0, 0.0
    result = curve.y.copy()
    for index, value in enumerate(curve.y):
        if not np.isnan(value):
            average = weight * average + (1 - weight) * value
            correction = weight * correction + (1 - weight)
            result[index] = average / correction
    return Curve(curve.x, result)


def mean_and_band(curves: Sequence[Curve]) -> Band:
    """Mean of two or more *curves*, none empty, and the 95 % confidence interval of that mean, by Student's t.

    Curves with the same places are averaged there, others after linear interpolation. Where a curve has not begun
    or has ended, it does not count, and the interval, which would tell of fewer runs than elsewhere, is NaN.
    """
    x = _shared_places(curves)
    table = np.stack([np.interp(x, curve.x, curve.y, left=np.nan, right=np.nan) for curve in curves])
    somewhere = ~np.isnan(table).all(axis=0)
    x, table = x[somewhere], table[:, somewhere]
    mean = np.nanmean(table, axis=0)
    # The plain mean and deviation are NaN wherever a curve is.
    half = student_quantile(len(curves) - 1) * np.std(table, axis=0, ddof=1) / np.sqrt(len(curves))
    return Band(x, mean, mean - half, mean + half)


def student_quantile(freedom: int) -> float:
    """The 97.5 % quantile of Student's t with *freedom* degrees of freedom, at least 1."""
    return STUDENT_975[freedom - 1] if freedom <= len(STUDENT_975) else NORMAL_975


def _shared_places(curves: Sequence[Curve]) -> Values:
    longest = max((curve.x for curve in curves), key=len)
    if all(np.array_equal(curve.x, longest[: len(curve.x)]) for curve in curves):
        return longest
    first, last = min(curve.x[0] for curve in curves), max(curve.x[-1] for curve in curves)
    return np.linspace(first, last, min(MOST_POINTS, len(longest)))
