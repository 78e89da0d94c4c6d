"""How a study goes, for people: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TextIO

from mlkernel.progress.quantities import format_duration, format_value
from mlkernel.study.engine.study_notices import StudyDisplay
from mlkernel.study.engine.study_state import StudyState

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PLAIN_SECONDS = 5.0
"""Between two plain lines."""
LIVE_SECONDS = 0.1


def study_display(stream: TextIO | None = None) -> StudyDisplay:
    """The display for *stream*, standard error unless given."""
    stream = stream or sys.stderr
    return LiveBar() if stream.isatty() else PlainStudyLines(stream)


class PlainStudyLines:
    """A line every few seconds, when something has changed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._began = time.monotonic()
        self._next = self._began + 1.0
        self._shown = ""

    def say(self, text: str) -> None:
        """Write a line."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def refresh(self, state: StudyState) -> None:
        """Write how things stand, when the last time is long enough ago."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PLAIN_SECONDS
        text = standing(state)
        if text != self._shown:
            self._shown = text
            self.say(f"{text}, {format_duration(now - self._began)}")

    def close(self) -> None:
        """Nothing is left open."""


class LiveBar:
    """A bar that is drawn anew; lines appear above it."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._next = 0.0

    def say(self, text: str) -> None:
        """Show a line above the bar."""
        if self._progress is None:
            sys.stderr.write(f"{text}\n")
        else:
            self._progress.console.print(text, markup=False, highlight=False)

    def refresh(self, state: StudyState) -> None:
        """Draw how things stand."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LIVE_SECONDS
        progress, task = self._drawn()
        progress.update(task, completed=state.ended, total=state.problem.trials, description=standing(state))

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _drawn(self) -> tuple[Progress, TaskID]:
        if self._progress is None or self._task is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (
                BarColumn(bar_width=24),
                TextColumn("{task.description}", markup=False),
                TimeElapsedColumn(),
            )
            self._progress = Progress(*columns, console=Console(stderr=True))
            self._task = self._progress.add_task("")
            self._progress.start()
        return self._progress, self._task


def standing(state: StudyState) -> str:
    """How a study stands, such as ``12/50 trials, 2 running, 1 failed, best loss 0.031 (trial 7)``."""
    limit = "" if state.problem.trials is None else f"/{state.problem.trials}"
    running = sum(run.state == "running" for trial in state.live.values() for run in trial.runs)
    parts = [f"{state.ended}{limit} trials", f"{running} running"]
    if state.failed:
        parts.append(f"{state.failed} failed")
    if state.best is not None and state.best.values is not None:
        metric = state.problem.objectives[0].metric
        parts.append(f"best {metric} {format_value(state.best.values[0])} (trial {state.best.number})")
    return ", ".join(parts)
