"""Synchronous brackets: whoever reaches a rung waits there for the others, and the best of all train on."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import ClassVar

from attrs import frozen

from mlkernel import Assignment, Curves, Decision, NewTrial, Pause, Promote, Stop, Wait
from mlkernel_search.schedulers.bracket_plan import BracketPlan
from mlkernel_search.schedulers.rung import Ladder, ReportReader
from mlkernel_search.schedulers.standing import (
    ENDED,
    failed_before,
    has_left,
    is_under_way,
    paused_at_its_step,
    ranked,
)


@frozen
class Bracket:
    """A bracket that began."""

    plan: BracketPlan
    first: int
    """The number of its first trial; the others follow."""

    @property
    def end(self) -> int:
        """The number after its last trial."""
        return self.first + self.plan.counts[0]

    def members(self, curves: Curves) -> range:
        """The trials that were begun."""
        return range(self.first, min(self.end, len(curves)))


class BracketScheduler:
    """Works through *plans*, again and again: the trials of a bracket are those with the next numbers.

    Promotions of earlier brackets go first; while one waits for trials under way, free workers begin the next. A trial
    that fails leaves its place to the next best one; a bracket for which too few trials can be begun is made smaller.
    """

    pauses_trials: ClassVar[bool] = True
    copies_checkpoints: ClassVar[bool] = False
    needs_live_reports: ClassVar[bool] = False

    def __init__(self, plans: Sequence[BracketPlan], max_step: float | None) -> None:
        self._plans, self._max_step = plans, math.inf if max_step is None else max_step
        self._steps = sorted({step for plan in plans for step in plan.steps})
        self._brackets: list[Bracket] = []
        self._reader = ReportReader()

    def assign(self, curves: Curves) -> Assignment:
        """The next promotion, or else a new trial."""
        self._read(curves)
        for bracket in self._begun(curves):
            promotion = self._promotion(bracket, curves)
            if promotion is not None:
                return promotion
        if curves.closed:
            return Wait()
        return NewTrial(until=self._bracket_of(len(curves)).plan.steps[0])

    def decide(self, curves: Curves, trial: int) -> Decision:
        """Pause it at its rung, and end it at the last one."""
        decision = paused_at_its_step(curves[trial], self._max_step)
        is_last = curves[trial].points[-1].step >= self._bracket_of(trial).plan.steps[-1]
        if isinstance(decision, Pause) and is_last:
            return Stop(reason="trained to the end of its bracket")
        return decision

    def finalists(self, curves: Curves) -> Sequence[int]:
        """Those who reached the last step, or the highest rung that anybody has."""
        self._read(curves)
        return self._ladder.highest()

    def _read(self, curves: Curves) -> None:
        if self._reader.is_new(curves):
            self._ladder = Ladder(self._steps, skipped=True)
            self._over = 0
        for report in self._reader.unread(curves):
            self._ladder.enter(report)

    def _bracket_of(self, trial: int) -> Bracket:
        while not self._brackets or self._brackets[-1].end <= trial:
            first = self._brackets[-1].end if self._brackets else 0
            self._brackets.append(Bracket(self._plans[len(self._brackets) % len(self._plans)], first))
        return self._brackets[bisect_right(self._brackets, trial, key=lambda bracket: bracket.first) - 1]

    def _begun(self, curves: Curves) -> Iterator[Bracket]:
        """The brackets that are not over."""
        if not len(curves):
            return
        self._bracket_of(len(curves) - 1)
        while self._over < len(self._brackets) and self._is_over(self._brackets[self._over], curves):
            self._over += 1
        yield from self._brackets[self._over :]

    def _is_over(self, bracket: Bracket, curves: Curves) -> bool:
        """Whether all of its trials were begun, none is under way, and none will be promoted."""
        members = bracket.members(curves)
        at_rest = all(curves[trial].state in ENDED or curves[trial].state == "paused" for trial in members)
        return at_rest and len(curves) >= bracket.end and self._promotion(bracket, curves) is None

    def _promotion(self, bracket: Bracket, curves: Curves) -> Promote | None:
        if len(curves) < bracket.end and not curves.closed:
            return None
        members: Sequence[int] = bracket.members(curves)
        begun = len(members)
        for place, (step, following) in enumerate(
            zip(bracket.plan.steps, bracket.plan.steps[1:], strict=False)
        ):
            if any(is_under_way(curves[trial], step) for trial in members):
                return None
            rung = self._ladder.rungs[self._steps.index(step)]
            able = [
                trial
                for trial in ranked(rung, members, curves)
                if not failed_before(curves[trial], following)
            ]
            chosen = able[: bracket.plan.survivors(place + 1, begun)]
            for trial in chosen:
                if not has_left(curves[trial], step) and curves[trial].points[-1].step < following:
                    return Promote(trial=trial, until=following)
            members = chosen
        return None
