"""Which of several configurations are really better: their results seed by seed."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Mapping, Sequence
from typing import Literal

import attrs
from attrs import frozen

from mlkernel.errors import UsageError
from mlkernel.study.statistics.correction import Correction, corrected
from mlkernel.study.statistics.sample_summary import mean_interval, missing_scipy

Test = Literal["t", "wilcoxon"]
Place = tuple[int, int | None]
"""A seed and a fold: runs of two configurations that share them form a pair."""
ROUNDING = 1e-12
"""Differences that vary by less, in parts of the largest value, vary by rounding alone."""


@frozen(kw_only=True)
class Comparison:
    """One configuration against another, or against a common one."""

    one: int
    other: int
    """Numbers of the trials."""
    pairs: int
    """How many seeds and folds they share; 0 when the samples are compared as unrelated ones."""
    difference: float
    """Mean of *one* less mean of *other*."""
    interval: tuple[float, float] | None
    """95 % confidence interval of the mean difference of the pairs, by Student's t; ``None`` without a spread."""
    p_value: float | None
    """Of no difference, two-sided; ``None`` where there are too few runs to tell, or no spread for a t test."""
    varies: bool = True
    """Whether the differences of the pairs, or the values of unrelated samples, have any spread."""
    adjusted: float | None = None
    """The same after correction for the number of comparisons."""


def compare_all(
    samples: Mapping[int, Mapping[Place, float]],
    pairs: Sequence[tuple[int, int]],
    *,
    test: Test = "t",
    correction: Correction = "holm",
) -> list[Comparison]:
    """Compare *pairs* of trials.

    :param samples: for each trial the results of its runs by seed and fold.
    :raises UsageError: scipy is not installed, or there are fewer than two runs of a trial.
    """
    compared = [compare(one, other, samples[one], samples[other], test=test) for one, other in pairs]
    told = [place for place, comparison in enumerate(compared) if comparison.p_value is not None]
    adjusted = corrected([compared[place].p_value or 0.0 for place in told], correction)
    for place, value in zip(told, adjusted, strict=True):
        compared[place] = attrs.evolve(compared[place], adjusted=value)
    return compared


def compare(
    one: int, other: int, first: Mapping[Place, float], second: Mapping[Place, float], *, test: Test
) -> Comparison:
    """Compare two trials by the pairs of runs that share seed and fold, or as unrelated samples if there are none.

    Pairs are compared by Student's paired t test or Wilcoxon's signed-rank test; unrelated samples by Welch's t test
    or the Mann-Whitney U test.

    :raises UsageError: scipy is not installed, or a trial has no result.
    """
    if not first or not second:
        raise UsageError(f"trial {other if first else one} has no results to compare")
    shared = [place for place in first if place in second]
    if not shared:
        a, b = list(first.values()), list(second.values())
        varies = _vary(a, a) or _vary(b, b)
        return Comparison(
            one=one,
            other=other,
            pairs=0,
            difference=statistics.fmean(a) - statistics.fmean(b),
            interval=None,
            p_value=_unpaired(a, b, test) if varies or test != "t" else None,
            varies=varies,
        )
    differences = [first[place] - second[place] for place in shared]
    varies = _vary(differences, [*first.values(), *second.values()])
    return Comparison(
        one=one,
        other=other,
        pairs=len(shared),
        difference=statistics.fmean(differences),
        interval=mean_interval(differences) if varies else None,
        p_value=_paired(differences, test) if varies else _sign_chance(differences, test),
        varies=varies,
    )


def _vary(values: Sequence[float], compared: Sequence[float]) -> bool:
    """Whether *values*, which come of those *compared*, differ by more than rounding; one alone does not tell."""
    return len(values) < 2 or max(values) - min(values) > ROUNDING * max(map(abs, compared))


def _paired(differences: Sequence[float], test: Test) -> float | None:
    if len(differences) < 2:
        return None
    try:
        from scipy import stats
    except ImportError:
        raise missing_scipy("comparisons") from None
    if test == "wilcoxon":
        return float(stats.wilcoxon(differences).pvalue)
    return float(stats.ttest_1samp(differences, 0.0).pvalue)


def _sign_chance(differences: Sequence[float], test: Test) -> float | None:
    """How likely equal differences all have one sign; a t test, which divides by their spread, knows no chance."""
    if test == "t" or len(differences) < 2:
        return None
    return 1.0 if differences[0] == 0 else 2.0 * 0.5 ** len(differences)


def _unpaired(first: Sequence[float], second: Sequence[float], test: Test) -> float | None:
    if min(len(first), len(second)) < 2:
        return None
    try:
        from scipy import stats
    except ImportError:
        raise missing_scipy("comparisons") from None
    if test == "wilcoxon":
        return float(stats.mannwhitneyu(first, second).pvalue)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # scipy's, of one sample whose values are all the same
        return float(stats.ttest_ind(first, second, equal_var=False).pvalue)
