"""What a store holds, as it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs
from attrs import frozen

from mlkernel.study.curves import TrialState

StudyState = Literal["running", "stopped", "finished"]
RunState = Literal["waiting", "running", "paused", "stopped", "finished", "failed"]
"""A run is the training of one trial with one seed (and fold); its states are those of trials."""
SILENT_SECONDS = 60.0
"""A driver whose newest heartbeat is older than this is dead."""


@frozen(kw_only=True)
class StudyRecord:
    """One study."""

    name: str
    configuration: Mapping[str, Any]
    """Plain values of :class:`~mlkernel.study.study_config.StudyConfig`, as they hold now."""
    state: StudyState = "running"
    created: float = 0.0
    """Seconds since 1970."""
    revision: int = 0
    """How often the configuration was changed."""


@frozen(kw_only=True)
class RunRecord:
    """The training of one trial with one seed and fold."""

    trial: int
    place: int
    """From 0 within the trial: the order of its seeds and folds."""
    seed: int
    fold: int | None = None
    state: RunState = "waiting"
    attempt: int = 0
    """How often it was started."""
    failures: int = 0
    """How many attempts failed, or were lost with their worker, and were followed by another."""
    driver: str | None = None
    """Who runs it now."""
    handle: Mapping[str, Any] | None = None
    """The launcher's."""
    directory: str | None = None
    """The run directory, relative to that of the driver's study."""
    step: float | None = None
    """Of its newest report."""
    values: tuple[float, ...] | None = None
    """Its result, one for each objective."""
    metrics: Mapping[str, float] = attrs.field(factory=dict)
    """Whatever else it reported last."""
    error: str | None = None
    """Why it failed, in one line."""
    started: float | None = None
    ended: float | None = None


@frozen(kw_only=True)
class TrialRecord:
    """One point and its runs."""

    number: int
    parameters: Mapping[str, Any]
    state: TrialState = "waiting"
    until: float | None = None
    parent: int | None = None
    """The trial whose checkpoint it went on from last."""
    source: int | None = None
    """The same, from the moment when that was decided to the trial's next pause."""
    values: tuple[float, ...] | None = None
    """Aggregated over its runs; ``None`` while it has not ended, or failed."""
    reason: str | None = None
    """Why it was stopped or failed."""
    sequence: int | None = None
    """Its place in the order of pauses and ends, which is that of the history; ``None`` while it has not ended."""
    created: float = 0.0
    ended: float | None = None
    runs: tuple[RunRecord, ...] = ()


@frozen(kw_only=True)
class ReportRecord:
    """A value that a run reported while it trained."""

    position: int
    """In the order of all reports of the study, from 0."""
    trial: int
    place: int
    """Of its run."""
    step: float
    values: tuple[float, ...]
    """One for each objective."""
    metrics: Mapping[str, float] = attrs.field(factory=dict)
    """Whatever else was reported at the step."""
    time: float = 0.0


@frozen(kw_only=True)
class PauseRecord:
    """What a trial was worth when it paused."""

    sequence: int
    """Its place in the order of pauses and ends, which is that of the history."""
    trial: int
    step: float
    """Of its newest report then."""
    parameters: Mapping[str, Any]
    """Its point then."""
    values: tuple[float, ...]
    """Aggregated over its runs."""


@frozen(kw_only=True)
class DriverRecord:
    """A process that drives a study, or did."""

    name: str
    """Host, process and a random part."""
    host: str
    pid: int
    heartbeat: float
    """When it was last known to live, in seconds since 1970 by the clock of the store."""
