"""Live bars on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from rich.console import Console

from mlkernel.progress.live_display import LiveDisplay
from mlkernel.progress.phase_rows import PhaseRows
from mlkernel.progress.run_progress import RunProgress

if TYPE_CHECKING:
    from mlkernel.run.run import Run


class RichBar:
    """A bar for every phase, announced ones from the start, and one for all of them.

    What is printed to standard error or output meanwhile, log lines too, appears above the bars. The calls only take
    notes; drawing is the work of another thread, so that a slow terminal cannot slow the training.
    """

    def __init__(
        self, console: Console | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Draw on *console*, standard error unless given."""
        self._console = console or Console(stderr=True, highlight=False)
        self._clock = clock
        self._progress = RunProgress("", {}, clock)
        self._display: LiveDisplay | None = None

    def start(self, title: str, phases: Mapping[str, int]) -> None:
        """Show the run and its phases."""
        self._progress = RunProgress(title, phases, self._clock)
        self._display = LiveDisplay(PhaseRows(self._progress), self._console)
        self._display.start(refresh=True)

    def phase_started(self, name: str, total: int | None, completed: int, depth: int) -> None:
        """Light the phase's bar."""
        self._progress.phase_started(name, total, completed, depth)

    def advance(self, name: str, completed: int, metrics: Mapping[str, float]) -> None:
        """Note how far the phase is; drawn at the next refresh."""
        self._progress.advance(name, completed, metrics)

    def describe(self, name: str, text: str) -> None:
        """Show *text* beneath the phase's bar."""
        self._progress.phase(name).text = text

    def phase_ended(self, name: str) -> None:
        """Show the phase as done."""
        self._progress.phase_ended(name)

    def close(self, outcome: str) -> None:
        """Leave the last picture on the terminal and give the terminal back."""
        self._progress.outcome = outcome
        if self._display is not None:
            # A terminal that went away must not make a run fail that has just finished.
            with suppress(OSError):
                self._display.stop()
            self._display = None


def make_rich_bar(run: Run) -> RichBar:
    """Make the bar of *run*."""
    return RichBar()
