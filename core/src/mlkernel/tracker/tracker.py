"""The contract of trackers: what they are told of a run, and what they do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Protocol

from attrs import field, frozen

from mlkernel.records.status import State

Plain = str | int | float | bool | None
"""What a parameter may be."""


@frozen(kw_only=True)
class TrackedRun:
    """A run as it is introduced to a tracker; without secrets."""

    key: str
    """32 hexadecimal digits that no other run has; the same whenever this run is introduced to this tracker."""
    name: str
    """For people: the run directory's name."""
    directory: Path
    """The run directory."""
    group: str | None = None
    """The study that the run belongs to."""
    group_key: str | None = None
    """Of the study, as :attr:`key` is of the run."""
    created: float = 0.0
    """Seconds since 1970."""
    parameters: Mapping[str, Plain] = field(factory=dict)
    """Options by their paths; lists are JSON text."""
    tags: Mapping[str, str] = field(factory=dict)
    """Where it came from: trainer, seed, versions, command."""

    def artifact_name(self, path: Path) -> str:
        """What an artifact is called: its path in the run's folder of artifacts, such as ``first/model.pt``."""
        folder = self.directory / "artifacts"
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


@frozen(kw_only=True)
class TrackedRecord:
    """What was logged at one step."""

    number: int
    """From 0; grows by one from record to record of a run."""
    phase: str | None
    """Of the loop; reports of a study have none."""
    step: float
    """The iteration from 0, or what a trial reported as its step."""
    time: float
    """Seconds since 1970. Reading a record again gives the same time."""
    metrics: Mapping[str, float]

    def named_metrics(self) -> dict[str, float]:
        """The metrics by their names for trackers: ``train/loss``, or ``loss`` where there is no phase."""
        if self.phase is None:
            return dict(self.metrics)
        return {f"{self.phase}/{name}": value for name, value in self.metrics.items()}


@frozen(kw_only=True)
class RunFacts:
    """What changes about a run while it lasts; without secrets."""

    state: State
    reason: str | None = None
    """Why it stopped or failed."""
    attempts: int = 0
    results: Mapping[str, float] = field(factory=dict)
    """The best reported value by its metric, or a trial's values."""
    notes: Mapping[str, str] = field(factory=dict)
    """Facts that the trainer wants to be shown."""
    changes: Mapping[str, str] = field(factory=dict)
    """Options that were changed when the run was resumed, by their paths, and their new values."""
    artifacts: tuple[Path, ...] = ()
    """Files that the trainer kept."""


class Tracker(Protocol):
    """Sends one run on, in the process of its follower. Any method may raise: then all of it is tried again later.

    Made by ``factory(config, run, memory)``, or ``factory(run, memory)`` for one without options. *memory* is what
    :attr:`memory` was when this run was sent to the same place before, else ``None``. Making it begins the tracker's
    own run, or finds the one that was begun: a process that is killed in between must not leave two.
    """

    rewrites: ClassVar[bool]
    """Whether each tracker object is told everything from the first record on, and replaces what an earlier one wrote.

    It is for what lies in files. Otherwise a record is sent once, except after a kill between its delivery and the note
    of it; number, step and time are then the same, by which to tell.
    """

    @property
    def memory(self) -> Mapping[str, str]:
        """Where the tracker's own run is, to find it again and for people; without secrets. Kept on disk."""

    def log(self, records: Sequence[TrackedRecord]) -> None:
        """Deliver records: at most 1000, in their order. When it returns they outlive this process."""

    def describe(self, facts: RunFacts) -> None:
        """Say what became of the run; called when that changes."""

    def close(self) -> None:
        """Let go of everything; the newest facts say how the run stands."""
