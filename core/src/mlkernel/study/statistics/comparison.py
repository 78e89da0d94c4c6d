"""Which of several configurations are really better: their results seed by seed."""

from __future__ import annotations

import math
import statistics
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
    """95 % confidence interval of the mean difference of the pairs, by Student's t."""
    p_value: float | None
    """Of no difference, two-sided; ``None`` where there are too few runs to tell."""
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
        difference = statistics.fmean(a) - statistics.fmean(b)
        return Comparison(
            one=one, other=other, pairs=0, difference=difference, interval=None, p_value=_unpaired(a, b, test)
        )
    differences = [first[place] - second[place] for place in shared]
    return Comparison(
        one=one,
        other=other,
        pairs=len(shared),
        difference=statistics.fmean(differences),
        interval=mean_interval(differences),
        p_value=_paired(differences, test),
    )


def _paired(differences: Sequence[float], test: Test) -> float | None:
    if len(differences) < 2:
        return None
    if min(differences) == max(differences):
        # Without any spread the t statistic is infinite; equal results tell of no difference.
        return 1.0 if differences[0] == 0 else _sign_chance(len(differences), test)
    try:
        from scipy import stats
    except ImportError:
        raise missing_scipy("comparisons") from None
    if test == "wilcoxon":
        return float(stats.wilcoxon(differences).pvalue)
    return float(stats.ttest_1samp(differences, 0.0).pvalue)


def _sign_chance(count: int, test: Test) -> float:
    """How likely *count* equal differences all have one sign; the t test knows no chance there at all."""
    return 0.0 if test == "t" else 2.0 * 0.5**count


def _unpaired(first: Sequence[float], second: Sequence[float], test: Test) -> float | None:
    if min(len(first), len(second)) < 2:
        return None
    try:
        from scipy import stats
    except ImportError:
        raise missing_scipy("comparisons") from None
    if test == "wilcoxon":
        return float(stats.mannwhitneyu(first, second).pvalue)
    if len({*first, *second}) == 1:
        return 1.0
    found = float(stats.ttest_ind(first, second, equal_var=False).pvalue)
    return 0.0 if math.isnan(found) else found
