"""How many trials train until which step: the brackets of successive halving, Hyperband and BOHB."""

from __future__ import annotations

import math

from attrs import frozen

from mlkernel import ConfigError

REDUCTIONS = 4
"""Rungs below the last step of Hyperband's largest bracket, at most, unless the first one is given."""


@frozen
class BracketPlan:
    """A bracket before it begins."""

    counts: tuple[int, ...]
    """How many trials train to each rung."""
    steps: tuple[float, ...]
    """Of the rungs, rising."""

    def survivors(self, rung: int, begun: int) -> int:
        """How many trials train to *rung*, of which *begun* were begun instead of the planned number."""
        return max(1, begun * self.counts[rung] // self.counts[0])


def halving_plan(
    trials: int, reduction_factor: float, min_step: float | None, max_step: float | None
) -> BracketPlan:
    """Successive halving: each rung has one η-th of the trials of the one before, rounded down, until none is left.

    :param min_step: of the first rung; ``None`` for such a one that the last rung is *max_step*, or for 1 without it.
    :param max_step: where rungs end, if anywhere.
    """
    counts = [trials]
    while math.floor(counts[-1] / reduction_factor):
        counts.append(math.floor(counts[-1] / reduction_factor))
    first = min_step
    if first is None:
        first = 1.0 if max_step is None else max_step / reduction_factor ** (len(counts) - 1)
    steps = [whole(first * reduction_factor**place, max_step) for place in range(len(counts))]
    kept = [step for step in steps if max_step is None or step < max_step]
    if max_step is not None and len(kept) < len(steps):
        kept.append(max_step)
    return BracketPlan(tuple(counts[: len(kept)]), tuple(kept))


def hyperband_plans(
    max_step: float, reduction_factor: float, min_step: float | None, *, whole_rungs: bool = False
) -> list[BracketPlan]:
    """Hyperband, algorithm 1 of Li et al.: from the bracket with the most trials to the one without early stopping.

    :param whole_rungs: begin as many trials as BOHB's own implementation does (Falkner et al., ICML 2018), of which no
        rung leaves a rest, instead of those that the budget of a bracket suffices for.
    :raises ConfigError: *min_step* is not below *max_step*.
    """
    if min_step is not None and min_step >= max_step:
        raise ConfigError(f"min_step must be below the study's max_step, and {min_step:g} >= {max_step:g}")
    lowest = min_step or max(min(1.0, max_step), max_step / reduction_factor**REDUCTIONS)
    largest = math.floor(math.log(max_step / lowest, reduction_factor) + 1e-9)
    plans = []
    for early in range(largest, -1, -1):
        share = (largest + 1) / (early + 1)
        begun = (
            math.floor(share) * reduction_factor**early if whole_rungs else share * reduction_factor**early
        )
        begun = math.floor(begun + 1e-9) if whole_rungs else math.ceil(begun - 1e-9)
        counts = [max(1, math.floor(begun / reduction_factor**place + 1e-9)) for place in range(early + 1)]
        steps = [
            whole(max_step / reduction_factor ** (early - place), max_step) for place in range(early + 1)
        ]
        plans.append(BracketPlan(tuple(counts), tuple(steps)))
    return plans


def whole(step: float, max_step: float | None) -> float:
    """*step*, rounded where whole steps are counted."""
    counted = max_step is None or float(max_step).is_integer()
    return float(round(step)) if counted and step > 1 else step
