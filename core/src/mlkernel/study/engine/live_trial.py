"""Trials that have not ended, as the driver holds them in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from attrs import define

from mlkernel.study.engine.trial_value import RunValue, Values
from mlkernel.study.store.records import RunState
from mlkernel.study.store.study_store import NewReportRecord


@define(eq=False)
class LiveRun:
    """The training of one trial with one seed and fold."""

    trial: LiveTrial
    place: int
    seed: int
    fold: int | None
    value: RunValue
    state: RunState = "waiting"
    attempt: int = 0
    is_here: bool = False
    """Whether a worker of this driver trains it."""
    is_lost: bool = False
    """Whether another driver has taken it meanwhile: whatever the worker says of it comes too late."""
    handle_key: str | None = None
    """Of the worker that an earlier driver gave it to."""
    taken_for: str | None = None
    """The key of the worker for which its trial was added, until that worker has been told."""
    failures: int = 0
    """Attempts that failed or were lost, and were followed by another."""
    step: float | None = None
    """Of the newest report."""
    source: int | None = None
    """The trial whose checkpoint it goes on from, instead of its own."""
    ending: str | None = None
    """Why the scheduler ends it, once it does."""
    last_report: NewReportRecord | None = None
    """What came with the end of its attempt, until both are stored."""
    result: Values | None = None
    """Its value once it has ended."""
    metrics: Mapping[str, float] = attrs.field(factory=dict)
    """What it reported last beside the objectives."""

    @property
    def name(self) -> str:
        """Of its run directory, such as ``000012-0``."""
        return run_name(self.trial.number, self.place)

    def is_of(self, trial: int, place: int) -> bool:
        """Whether it is the run at *place* of *trial*."""
        return (self.trial.number, self.place) == (trial, place)


@define(eq=False)
class LiveTrial:
    """One point and its runs."""

    number: int
    parameters: Mapping[str, Any]
    until: float | None = None
    source: int | None = None
    """The trial whose checkpoint it goes on from since its last pause."""
    runs: list[LiveRun] = attrs.field(factory=list)
    ending: str | None = None
    """Why all its runs end, once they do: those under way at their next report, and others are not started."""
    at_step: dict[float, dict[int, Values]] = attrs.field(factory=dict)
    """Step → place of a run → what it reported there; kept where there are several runs."""

    def reported(self, run: LiveRun, step: float, values: Values) -> list[Values]:
        """Remember a report; all values that the trial's runs have reported at its step."""
        if len(self.runs) == 1:
            return [values]
        known = self.at_step.setdefault(step, {})
        known[run.place] = values
        return list(known.values())


def run_name(trial: int, place: int) -> str:
    """The name of a run directory."""
    return f"{trial:06d}-{place}"


def run_directory(name: str) -> str:
    """Of the run *name*, in the folder of its study."""
    return f"runs/{name}"
