"""Choosing rollouts to learn from. Everything here takes returns and gives indices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def at_least(returns: Floats, threshold: float) -> Indices:
    """Those whose return reaches *threshold*, in order."""
    return np.flatnonzero(returns >= threshold).astype(np.int64)


def shifted_weights(returns: Floats, minimum: float | None, epsilon: float) -> Floats:
    """Probabilities proportional to how far a return lies above *minimum*.

    :param returns: [N].
    :param minimum: what has no weight; by default the least return.
    :param epsilon: mixes in the uniform distribution, which alone remains where all returns are equal.
    :returns: [N], summing to one.
    """
    uniform = np.full(len(returns), 1.0 / len(returns))
    floor = returns.min() if minimum is None else minimum
    weights = np.maximum(returns - floor, 0.0)
    total = weights.sum()
    shares = weights / total if total > 0 else uniform
    return np.asarray((shares + epsilon * uniform) / (1.0 + epsilon))


def draw(weights: Floats, count: int, random: np.random.Generator, *, with_replacement: bool) -> Indices:
    """Draw *count* indices by *weights*, in ascending order; without replacement at most those of positive weight."""
    if not with_replacement:
        count = min(count, int(np.count_nonzero(weights)))
    drawn = random.choice(len(weights), size=count, replace=with_replacement, p=weights)
    return np.sort(drawn).astype(np.int64)


def best_of_each(returns: Floats, groups: Sequence[object], count: int) -> Indices:
    """The *count* greatest returns of each group, the earlier one of equals, in ascending order.

    :param groups: [N]; equal values belong together, as the rollouts of one problem do.
    """
    members: dict[object, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    chosen = [
        index
        for indices in members.values()
        for index in sorted(indices, key=lambda index: (-returns[index], index))[:count]
    ]
    return np.asarray(sorted(chosen), dtype=np.int64)


def exponential_weights(returns: Floats, temperature: float, largest: float) -> Floats:
    """Weights exp(return / temperature), scaled to a mean of one and cut off at *largest*.

    :param returns: [N].
    :returns: [N], in (0, largest].
    """
    shifted = np.exp((returns - returns.max()) / temperature)  # the greatest is 1: no overflow
    return np.asarray(np.minimum(shifted / shifted.mean(), largest))


def resample(weights: Floats, random: np.random.Generator) -> Indices:
    """As many indices as there are weights, each about as often as its share says (systematic resampling).

    The numbers of copies differ from their expectation by less than one.
    """
    positions = (random.random() + np.arange(len(weights))) / len(weights)
    cumulative = np.cumsum(weights / weights.sum())
    cumulative[-1] = 1.0  # rounding must not leave the last position outside
    return np.searchsorted(cumulative, positions, side="right").astype(np.int64)
