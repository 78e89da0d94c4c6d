"""How far a run is: what every progress bar of this package draws from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from attrs import define, field

from mlkernel.progress.pace import Pace


@define
class PhaseProgress:
    """One phase; a nested one that is entered again starts anew."""

    name: str
    """The names of the loop and those around it, joined by ``/``."""
    total: int | None
    completed: int = 0
    depth: int = 0
    state: Literal["waiting", "running", "done"] = "waiting"
    started: float = 0.0
    ended: float | None = None
    text: str = ""
    metrics: Mapping[str, float] = field(factory=dict)
    pace: Pace = field(factory=lambda: Pace(0.0, 0))

    @property
    def fraction(self) -> float | None:
        """Share that is done, from 0 to 1; ``None`` when the total is open."""
        if self.total is None:
            return None
        return min(1.0, self.completed / self.total) if self.total > 0 else 1.0

    @property
    def label(self) -> str:
        """The name without the loops around, indented beneath them."""
        return "  " * self.depth + (self.name.rpartition("/")[2] if self.depth else self.name)

    def elapsed(self, now: float) -> float:
        """Seconds since the phase was entered, up to its end."""
        return (now if self.ended is None else self.ended) - self.started

    def remaining(self, now: float) -> float | None:
        """Seconds left, ``None`` when unknown."""
        return None if self.total is None else self.pace.remaining(self.total, now)


class RunProgress:
    """All phases of an attempt, kept from the calls that a progress bar gets."""

    def __init__(self, title: str, phases: Mapping[str, int], clock: Callable[[], float]) -> None:
        self.title = title
        self.clock = clock
        self.started = clock()
        self.outcome: str | None = None
        self.has_overall = len(phases) > 1
        self._phases = {name: PhaseProgress(name, total) for name, total in phases.items()}
        self._done_here = 0
        self._overall_pace = Pace(self.started, 0)

    @property
    def phases(self) -> tuple[PhaseProgress, ...]:
        """In the order in which they were announced or entered; a copy, so that another thread can draw it."""
        return tuple(self._phases.values())

    def phase(self, name: str) -> PhaseProgress:
        """The phase of that name, made on first sight."""
        return self._phases.setdefault(name, PhaseProgress(name, None))

    def phase_started(self, name: str, total: int | None, completed: int, depth: int) -> PhaseProgress:
        """Enter a phase; one that was not announced takes its place beneath the phase that it is nested in."""
        if name not in self._phases and depth > 0:
            self._insert(PhaseProgress(name, total, depth=depth))
        phase, now = self.phase(name), self.clock()
        phase.total, phase.completed, phase.depth, phase.state = total, completed, depth, "running"
        phase.started, phase.ended, phase.pace = now, None, Pace(now, completed)
        return phase

    def advance(self, name: str, completed: int, metrics: Mapping[str, float]) -> PhaseProgress:
        """Note completed iterations and the newest metrics."""
        phase, now = self.phase(name), self.clock()
        if phase.depth == 0:
            self._done_here += completed - phase.completed
            self._overall_pace.sample(now, self._done_here)
        phase.completed = completed
        phase.metrics = {**phase.metrics, **metrics}
        phase.pace.sample(now, completed)
        return phase

    def phase_ended(self, name: str) -> PhaseProgress:
        """Leave a phase."""
        phase = self.phase(name)
        phase.state, phase.ended, phase.text = "done", self.clock(), ""
        return phase

    def _insert(self, new: PhaseProgress) -> None:
        """Place a nested phase after the one that it runs in; it takes over what was announced by its last name."""
        announced = self._phases.get(new.name.rpartition("/")[2])
        if announced is not None and announced.state == "waiting":
            del self._phases[announced.name]
        phases = list(self.phases)
        parents = [
            i for i, phase in enumerate(phases) if phase.state == "running" and phase.depth < new.depth
        ]
        phases.insert(parents[-1] + 1 if parents else len(phases), new)
        self._phases = {phase.name: phase for phase in phases}

    @property
    def overall_fraction(self) -> float:
        """Share of the iterations of all outermost phases that is done, from 0 to 1."""
        done, total = self._overall()
        return done / total if total else 0.0

    def overall_remaining(self) -> float | None:
        """Seconds left for all outermost phases, as if each iteration still to come cost what the last ones did."""
        done, total = self._overall()
        return self._overall_pace.remaining(self._done_here + total - done, self.clock())

    def elapsed(self) -> float:
        """Seconds since this attempt started."""
        return self.clock() - self.started

    def _overall(self) -> tuple[int, int]:
        outermost = [phase for phase in self.phases if phase.depth == 0 and phase.total is not None]
        done = sum(min(phase.completed, phase.total or 0) for phase in outermost)
        return done, sum(phase.total or 0 for phase in outermost)
