"""The contract of trial schedulers: what to train next, and when to end it; a pure function of the curves so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen

from mlkernel.study.curves import Curves


@frozen(kw_only=True)
class Continue:
    """Train on."""

    until: float | None = None
    """Reports of the trial at smaller steps lead to nothing else, so that nobody waits for what becomes of them.
    ``None`` where every report may."""


@frozen(kw_only=True)
class Stop:
    """End the trial; its last value counts as its result."""

    reason: str
    """For people, such as ``rung 9: 3rd of 3``."""


@frozen(kw_only=True)
class Pause:
    """Save a checkpoint and leave the worker to others; the scheduler may assign the trial again."""


Decision = Continue | Stop | Pause
"""What becomes of a trial that reported."""


@frozen(kw_only=True)
class NewTrial:
    """Ask the search algorithm for a point, and train it until *until*."""

    until: float | None = None
    """The step at which it is paused, or ended if that is the last one; ``None`` for no such step."""


@frozen(kw_only=True)
class Promote:
    """Train a paused trial on."""

    trial: int
    until: float | None = None
    source: int | None = None
    """The number of the trial whose checkpoint is copied, instead of the trial's own."""
    parameters: Mapping[str, Any] | None = None
    """The whole point from now on, if it changes."""


@frozen(kw_only=True)
class Wait:
    """Nothing can be said before some trial that is under way reports or ends."""


Assignment = NewTrial | Promote | Wait
"""What a worker that is free shall do."""


class TrialScheduler(Protocol):
    """Spends effort on the trials that deserve it.

    Its factory is called with the problem and its configuration. The same curves lead to the same decisions, in another
    process and whatever was asked before: a study that is resumed in the middle of a bracket goes on as if nothing had
    happened. It may keep what it computed from a :class:`~mlkernel.study.curves.Curves` object, which only grows.

    A study is over when nothing is under way and the answer is :class:`Wait`, or :class:`NewTrial` although none can be
    added. Trials that are paused then have ended.
    """

    @property
    def pauses_trials(self) -> bool:
        """Whether it lets trials rest and go on later."""

    @property
    def copies_checkpoints(self) -> bool:
        """Whether it lets trials go on from others' checkpoints."""

    @property
    def needs_live_reports(self) -> bool:
        """Whether its decisions must reach trials while they train."""

    def assign(self, curves: Curves) -> Assignment:
        """What a worker that is free shall do; no new trial if the curves are closed.

        The study's own limit of trials is kept by whoever asks.
        """

    def decide(self, curves: Curves, trial: int) -> Decision:
        """What becomes of *trial*, whose newest report is the last of its curve."""

    def finalists(self, curves: Curves) -> Sequence[int] | None:
        """Trials that were trained to the end, among which the best is sought; ``None`` for all."""
