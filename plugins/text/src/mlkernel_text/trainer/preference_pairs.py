"""Pairs of a better and a worse answer to the same chat, and how far an answer lies above its siblings."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import permutations

from attrs import frozen

from mlkernel_text.trainer.response_tree import Turn


@frozen
class PreferencePair:
    """Two different answers to one chat; the preferred one keeps the rules."""

    preferred: Turn
    rejected: Turn


Value = Callable[[Turn], float]


def across_threshold(
    siblings: Sequence[Turn], value: Value, threshold: float, random: random.Random
) -> list[PreferencePair]:
    """One pair, drawn from those of an answer that reaches *threshold* and one that does not."""
    pairs = [
        pair
        for pair in all_pairs(siblings, value)
        if value(pair.preferred) >= threshold > value(pair.rejected)
    ]
    return [random.choice(pairs)] if pairs else []


def apart_by(
    siblings: Sequence[Turn], value: Value, interval: float, random: random.Random
) -> list[PreferencePair]:
    """One pair, drawn from those whose values differ by at least *interval*."""
    pairs = [
        pair
        for pair in all_pairs(siblings, value)
        if value(pair.preferred) - value(pair.rejected) >= interval
    ]
    return [random.choice(pairs)] if pairs else []


def best_and_worst(siblings: Sequence[Turn], value: Value) -> list[PreferencePair]:
    """The pair whose values differ most, the first of equals."""
    pairs = all_pairs(siblings, value)
    return [max(pairs, key=lambda pair: value(pair.preferred) - value(pair.rejected))] if pairs else []


def all_pairs(siblings: Sequence[Turn], value: Value) -> list[PreferencePair]:
    """Every pair of different texts whose values differ."""
    return [
        PreferencePair(better, worse)
        for better, worse in permutations(siblings, 2)
        if better.valid and better.text != worse.text and value(better) > value(worse)
    ]


def group_advantages(values: Sequence[float], epsilon: float) -> list[float]:
    """How far each value lies above its group's mean, in the group's (population) standard deviations.

    DeepSeekMath (Shao et al. 2024), section 4.1.2; *epsilon* is added to the deviation.
    """
    mean = sum(values) / len(values)
    deviation = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5
    return [(value - mean) / (deviation + epsilon) for value in values]
