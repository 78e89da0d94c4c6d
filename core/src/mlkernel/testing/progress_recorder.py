"""A progress bar that writes down everything it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkernel.hookspecs import hookimpl


class ProgressRecorder:
    """Answers the question for a progress bar with itself; give it to :func:`mlkernel.testing.run_in_process`."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        """Name and arguments of each call, in order."""
        self.announced: dict[str, int] = {}
        """Totals of the phases that were announced before training."""

    @hookimpl
    def make_progress_bar(self) -> ProgressRecorder:
        """Be the progress bar of the run."""
        return self

    def start(self, title: str, phases: Mapping[str, int]) -> None:
        """Note what is announced."""
        self.announced = dict(phases)
        self.calls.append(("start", title, dict(phases)))

    def phase_started(self, name: str, total: int | None, completed: int, depth: int) -> None:
        """Note the call."""
        self.calls.append(("phase_started", name, total, completed, depth))

    def advance(self, name: str, completed: int, metrics: Mapping[str, float]) -> None:
        """Note the call."""
        self.calls.append(("advance", name, completed, dict(metrics)))

    def describe(self, name: str, text: str) -> None:
        """Note the call."""
        self.calls.append(("describe", name, text))

    def phase_ended(self, name: str) -> None:
        """Note the call."""
        self.calls.append(("phase_ended", name))

    def close(self, outcome: str) -> None:
        """Note the call."""
        self.calls.append(("close", outcome))
