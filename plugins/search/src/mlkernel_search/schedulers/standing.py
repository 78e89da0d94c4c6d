"""Where a trial stands between two rungs, told by its curve."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlkernel import Continue, Curve, Curves, Decision, Pause
from mlkernel_search.schedulers.rung import Rung

ENDED = frozenset({"stopped", "finished", "failed"})


def assigned(curve: Curve) -> float:
    """The step up to which the trial was assigned."""
    return math.inf if curve.until is None else curve.until


def paused_at_its_step(curve: Curve, last: float) -> Decision:
    """Pause a trial at the step up to which it was assigned, unless that is the *last* of all."""
    step, until = curve.points[-1].step, assigned(curve)
    if step < until:
        return Continue(until=until)
    return Pause() if step < last else Continue(until=math.inf)


def has_left(curve: Curve, step: float) -> bool:
    """Whether the trial was promoted from the rung at *step*."""
    return assigned(curve) > step


def is_under_way(curve: Curve, step: float) -> bool:
    """Whether it is still to be seen what the trial is worth at *step*."""
    return curve.state in {"waiting", "running"} and not has_left(curve, step)


def failed_before(curve: Curve, step: float) -> bool:
    """Whether the trial failed on its way to *step*."""
    return curve.state == "failed" and (not curve.points or curve.points[-1].step < step)


def ranked(rung: Rung, members: Sequence[int], curves: Curves) -> list[int]:
    """Those of *members* that could train on from the rung, or do, the best first."""
    able = [
        trial
        for trial in members
        if trial in rung and (has_left(curves[trial], rung.level) or curves[trial].state == "paused")
    ]
    return sorted(able, key=rung.entry)
