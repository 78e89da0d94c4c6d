"""Corrections of p-values for many comparisons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

Correction = Literal["holm", "bonferroni", "benjamini-hochberg", "none"]


def corrected(p_values: Sequence[float], correction: Correction) -> list[float]:
    """Adjusted p-values, to be held against the same level as a single one."""
    return CORRECTIONS[correction](p_values) if p_values else []


def bonferroni(p_values: Sequence[float]) -> list[float]:
    """Times the number of comparisons: the chance of any false discovery stays below the level (Dunn 1961)."""
    return [min(1.0, p * len(p_values)) for p in p_values]


def holm(p_values: Sequence[float]) -> list[float]:
    """As Bonferroni's, step by step from the smallest, which finds more (Holm 1979)."""
    total, worst = len(p_values), 0.0
    adjusted = [0.0] * total
    for rank, place in enumerate(_rising(p_values)):
        worst = max(worst, min(1.0, (total - rank) * p_values[place]))
        adjusted[place] = worst
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """The expected share of false ones among the discoveries stays below the level (Benjamini and Hochberg 1995)."""
    total, least = len(p_values), 1.0
    adjusted = [0.0] * total
    for rank, place in reversed(list(enumerate(_rising(p_values), start=1))):
        least = min(least, p_values[place] * total / rank)
        adjusted[place] = least
    return adjusted


def _rising(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=lambda place: p_values[place])


CORRECTIONS: dict[Correction, Callable[[Sequence[float]], list[float]]] = {
    "holm": holm,
    "bonferroni": bonferroni,
    "benjamini-hochberg": benjamini_hochberg,
    "none": list,
}
