"""Trials of a rung that were not promoted yet."""

from __future__ import annotations

from bisect import insort

from mlkernel import Curve, Curves
from mlkernel_search.schedulers.rung import Ranked, Rung
from mlkernel_search.schedulers.standing import ENDED, has_left


class WaitingTrials:
    """Finds the best one without looking at the whole rung."""

    def __init__(self, rung: Rung) -> None:
        self._rung = rung
        self._candidates: list[Ranked] = []
        """The best first; some were promoted or ended since, or have another loss."""

    def add(self, trial: int) -> None:
        """Take a trial that entered the rung, or has another value there."""
        insort(self._candidates, self._rung.entry(trial))

    def best(self, curves: Curves) -> int | None:
        """The best trial that is paused at the rung.

        Trials that were promoted, or ended, never wait here again: they are forgotten for good.
        """
        place = 0
        while place < len(self._candidates):
            candidate = self._candidates[place]
            curve = curves[candidate[1]]
            if candidate != self._rung.entry(curve.number) or self._is_gone(curve):
                del self._candidates[place]
            elif curve.state == "paused":
                return curve.number
            else:
                place += 1  # its pause is on its way
        return None

    def _is_gone(self, curve: Curve) -> bool:
        return has_left(curve, self._rung.level) or curve.state in ENDED
