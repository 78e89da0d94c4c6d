"""No progress bar at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlkernel.run.run import Run


class SilentBar:
    """Shows nothing; for tests, and for launchers that follow the metrics instead."""

    def start(self, title: str, phases: Mapping[str, int]) -> None:
        """Nothing is shown."""

    def phase_started(self, name: str, total: int | None, completed: int, depth: int) -> None:
        """Nothing is shown."""

    def advance(self, name: str, completed: int, metrics: Mapping[str, float]) -> None:
        """Nothing is shown."""

    def describe(self, name: str, text: str) -> None:
        """Nothing is shown."""

    def phase_ended(self, name: str) -> None:
        """Nothing is shown."""

    def close(self, outcome: str) -> None:
        """Nothing is shown."""


def make_silent_bar(run: Run) -> SilentBar:
    """Make the bar of *run*."""
    return SilentBar()
