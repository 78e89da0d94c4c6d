"""What trials reported while they trained, in the order of the reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs
from attrs import define, frozen

TrialState = Literal["waiting", "running", "paused", "stopped", "finished", "failed"]
"""``stopped`` was ended by the scheduler, ``paused`` may go on; ``failed`` has no retries left."""
ENDED: frozenset[TrialState] = frozenset({"stopped", "finished", "failed"})


@frozen
class Report:
    """One value of one trial at one step."""

    trial: int
    step: float
    """How much effort it took, in the unit of the study: iterations, unless it says otherwise."""
    loss: float
    """The first objective; negated where more is better. Never NaN: such a report fails the trial."""


@define
class Curve:
    """The reports of one trial, in the order of their steps."""

    number: int
    parameters: Mapping[str, Any]
    state: TrialState = "waiting"
    points: list[Report] = attrs.field(factory=list)
    until: float | None = None
    """The step up to which the scheduler assigned it."""
    parent: int | None = None
    """The trial whose checkpoint it went on from last."""


class Curves:
    """All trials of a study and their reports. Reports only grow; states change.

    A step that is reported again, such as by another seed of the trial, has the newest value.
    """

    def __init__(self) -> None:
        self.closed = False
        """Whether no trial can be added: their limit is reached, or the space has no point left."""
        self._trials: dict[int, Curve] = {}
        self._reports: list[Report] = []

    def add(self, curve: Curve) -> None:
        """Add a trial."""
        self._trials[curve.number] = curve
        self._reports.extend(curve.points)

    def append(self, report: Report) -> None:
        """Add a report to the curve of its trial."""
        self._trials[report.trial].points.append(report)
        self._reports.append(report)

    def __getitem__(self, number: int) -> Curve:
        return self._trials[number]

    def __iter__(self) -> Iterator[Curve]:
        return iter(self._trials.values())

    def __len__(self) -> int:
        return len(self._trials)

    @property
    def report_count(self) -> int:
        """How many reports there are."""
        return len(self._reports)

    def since(self, start: int) -> Iterator[Report]:
        """The reports from position *start* on."""
        return iter(self._reports[start:])
