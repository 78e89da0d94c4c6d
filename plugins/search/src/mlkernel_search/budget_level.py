"""Which observations can be compared when trials cost different budgets: those of the highest that enough reached."""

from __future__ import annotations

import math
from bisect import insort

from mlkernel import Observation


class BudgetLevel:
    """The highest budget that enough trials have reached; it only rises.

    A trial is compared by what it was worth when it first reached the level, and not at all before. As long as too few
    trials have succeeded, there is no level, and each trial counts with its first observation.

    :param enough: so many trials.
    """

    def __init__(self, enough: int) -> None:
        self._enough = enough
        self._level = -math.inf
        self._furthest: list[tuple[float, int]] = []
        """Budget and trial of those that came furthest, as many as are enough, rising."""
        self._compared: set[int] = set()

    def note(self, observation: Observation, place: int) -> bool:
        """Take note of a trial that succeeded, at *place* of the history; whether the level has risen."""
        trial, budget = _trial(observation, place), _budget(observation)
        known = next((entry for entry in self._furthest if entry[1] == trial), None)
        if known is not None:
            self._furthest.remove(known)
        insort(self._furthest, (budget, trial))
        if len(self._furthest) > self._enough:
            del self._furthest[0]
        level = self._furthest[0][0] if len(self._furthest) == self._enough else -math.inf
        has_risen, self._level = level > self._level, level
        return has_risen

    def start_over(self) -> None:
        """Compare all trials anew."""
        self._compared.clear()

    def admits(self, observation: Observation, place: int) -> bool:
        """Whether a trial is compared by this observation from now on; once for each trial."""
        trial = _trial(observation, place)
        if trial in self._compared or _budget(observation) < self._level:
            return False
        self._compared.add(trial)
        return True


def _trial(observation: Observation, place: int) -> int:
    """What tells trials apart; points that are known from elsewhere have no number."""
    return -1 - place if observation.number is None else observation.number


def _budget(observation: Observation) -> float:
    return math.inf if observation.budget is None else observation.budget
