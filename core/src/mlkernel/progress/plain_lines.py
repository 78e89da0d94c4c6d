"""Progress as plain lines, where there is no terminal to draw on."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from mlkernel.progress.quantities import format_duration, format_rate, format_value
from mlkernel.progress.run_progress import PhaseProgress, RunProgress

if TYPE_CHECKING:
    from mlkernel.run.run import Run

INTERVAL = 5.0
"""Seconds between two lines of one phase."""
SHOWN_METRICS = 8
"""Metrics on a line, the first that were logged; the others are in the metrics file."""


class PlainLines:
    """One line at the start of a phase, every few seconds, and at its end.

    A nested phase may start and end many times a second: it never gets more than one line in *interval* seconds.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        interval: float = INTERVAL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Write to *stream*, standard error as it is at each line unless given."""
        self._stream = stream
        self._interval = interval
        self._clock = clock
        self._progress = RunProgress("", {}, clock)
        self._last_line: dict[str, float] = {}
        self._has_reader = True

    def start(self, title: str, phases: Mapping[str, int]) -> None:
        """Name the run and its phases."""
        self._progress = RunProgress(title, phases, self._clock)
        self._write(", ".join([title, *(f"{name} {total}" for name, total in phases.items())]))

    def phase_started(self, name: str, total: int | None, completed: int, depth: int) -> None:
        """Write where the phase starts."""
        phase = self._progress.phase_started(name, total, completed, depth)
        if depth == 0 or self._is_due(name):
            self._write_phase(phase)

    def advance(self, name: str, completed: int, metrics: Mapping[str, float]) -> None:
        """Write a line when the last one is old enough."""
        phase = self._progress.advance(name, completed, metrics)
        if self._is_due(name):
            self._write_phase(phase)

    def describe(self, name: str, text: str) -> None:
        """Remember the words for the next line."""
        self._progress.phase(name).text = text

    def phase_ended(self, name: str) -> None:
        """Write how the phase ended."""
        phase = self._progress.phase_ended(name)
        if phase.depth == 0 or self._is_due(name):
            self._write_phase(phase)

    def close(self, outcome: str) -> None:
        """Write how the attempt ended."""
        self._write(f"{self._progress.title}, {outcome} after {format_duration(self._progress.elapsed())}")

    def _is_due(self, name: str) -> bool:
        return self._clock() - self._last_line.get(name, float("-inf")) >= self._interval

    def _write_phase(self, phase: PhaseProgress) -> None:
        self._last_line[phase.name] = self._clock()
        self._write("  ".join(self._parts(phase)))

    def _parts(self, phase: PhaseProgress) -> list[str]:
        now = self._clock()
        count = f"{phase.completed}" if phase.total is None else f"{phase.completed}/{phase.total}"
        parts = [phase.label, count]
        if phase.fraction is not None:
            parts.append(f"{int(100 * phase.fraction)}%")
        if phase.pace.rate is not None:
            parts.append(format_rate(phase.pace.rate))
        if phase.state == "done":
            parts.append(f"took {format_duration(phase.elapsed(now))}")
        elif (remaining := phase.remaining(now)) is not None:
            parts.append(f"eta {format_duration(remaining)}")
        shown = islice(phase.metrics.items(), SHOWN_METRICS)
        parts += [f"{name}={format_value(value)}" for name, value in shown]
        return [*parts, phase.text] if phase.text else parts

    def _write(self, line: str) -> None:
        if not self._has_reader:
            return
        try:
            print(line, file=self._stream or sys.stderr, flush=True)
        except (OSError, ValueError):
            # Whoever read the lines went away (a closed pipe, a lost terminal); the training must not end for that.
            self._has_reader = False


def make_plain_lines(run: Run) -> PlainLines:
    """Make the bar of *run*."""
    return PlainLines()
