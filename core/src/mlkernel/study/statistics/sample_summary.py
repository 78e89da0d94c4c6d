"""A few numbers that stand for many: the results of one configuration with several seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal

from attrs import frozen

from mlkernel.errors import UsageError

Method = Literal["t", "bootstrap"]
RESAMPLES = 9_999
"""Enough for the second digit of a 95 % interval to stand (Davison and Hinkley 1997, section 5.2)."""
FEWEST_FOR_BOOTSTRAP = 4
"""With fewer values there are too few different resamples to tell anything."""


@frozen(kw_only=True)
class SampleSummary:
    """What *count* values have in common."""

    count: int
    mean: float
    median: float
    deviation: float | None
    """Standard deviation of the sample; ``None`` for a single value."""
    percentiles: tuple[float, ...]
    """The 10th, 25th, 75th and 90th."""
    interval: tuple[float, float] | None
    """In which the mean lies; ``None`` where the values are too few to tell."""
    level: float
    """Confidence of the interval."""


def summarise(values: Sequence[float], *, level: float = 0.95, method: Method = "t") -> SampleSummary:
    """Summarise one or more finite *values*.

    :raises UsageError: *method* is not available here.
    """
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return SampleSummary(
        count=len(values),
        mean=statistics.fmean(values),
        median=statistics.median(values),
        deviation=deviation,
        percentiles=tuple(percentile(values, share) for share in (0.10, 0.25, 0.75, 0.90)),
        interval=mean_interval(values, level=level, method=method),
        level=level,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which *share* of the sample lies, by linear interpolation (Hyndman and Fan 1996, type 7)."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def mean_interval(
    values: Sequence[float], *, level: float = 0.95, method: Method = "t"
) -> tuple[float, float] | None:
    """The confidence interval of the mean of *values*.

    ``t`` is Student's, for values that are about normal; ``bootstrap`` is the bias-corrected and accelerated one
    (Efron 1987), which assumes no distribution but needs more seeds.

    :returns: ``None`` for fewer than two values, or fewer than four to bootstrap.
    :raises UsageError: scipy is not installed.
    """
    if len(values) < (2 if method == "t" else FEWEST_FOR_BOOTSTRAP):
        return None
    if min(values) == max(values):
        return values[0], values[0]
    try:
        return _bootstrap_interval(values, level) if method == "bootstrap" else _t_interval(values, level)
    except ImportError:
        raise missing_scipy("confidence intervals") from None


def _t_interval(values: Sequence[float], level: float) -> tuple[float, float]:
    from scipy.special import stdtrit  # a fraction of scipy.stats, which commands would wait for

    error = statistics.stdev(values) / len(values) ** 0.5
    half = float(stdtrit(len(values) - 1, 0.5 + level / 2)) * error
    mean = statistics.fmean(values)
    return mean - half, mean + half


def _bootstrap_interval(values: Sequence[float], level: float) -> tuple[float, float]:
    from scipy.stats import bootstrap

    found = bootstrap((values,), _mean, confidence_level=level, n_resamples=RESAMPLES, rng=0)
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def missing_scipy(what: str) -> UsageError:
    """The error to raise where scipy is needed and not installed."""
    return UsageError(f"{what} need scipy, which is not installed", hint="pip install 'mlkernel[statistics]'")


def _mean(values: object, axis: int = -1) -> object:
    import numpy as np

    return np.mean(values, axis=axis)  # type: ignore[call-overload]
