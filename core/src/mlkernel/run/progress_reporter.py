"""Passes a run's progress to its progress bar, seldom enough that the loop does not feel it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from mlkernel.progress.progress_bar import ProgressBar

LOOK_SECONDS = 0.1
"""How often progress is shown and plugins are asked whether to stop."""


class ProgressReporter:
    """Stands between a run and its progress bar; without a bar it does nothing.

    A bar that raises, because it is broken or because its terminal has gone, is dropped: training goes on without.
    """

    def __init__(self, logger: FilteringBoundLogger) -> None:
        self._logger = logger
        self._bar: ProgressBar | None = None
        self._metrics: dict[str, dict[str, float]] = {}

    def open(self, bar: ProgressBar | None, title: str, phases: Mapping[str, int]) -> None:
        """Show *bar* from now on."""
        self._bar = bar
        if bar is not None:
            with self._bar_isolated():
                bar.start(title, phases)

    def close(self, outcome: str) -> None:
        """End the bar."""
        if self._bar is not None:
            with self._bar_isolated():
                self._bar.close(outcome)
        self._bar = None

    def phase_started(self, path: str, total: int | None, completed: int) -> None:
        """A loop was entered."""
        if self._bar is not None:
            with self._bar_isolated():
                self._bar.phase_started(path, total, completed, path.count("/"))

    def advance(self, path: str, completed: int) -> None:
        """Show how far a loop is, with the newest metrics."""
        if self._bar is not None:
            with self._bar_isolated():
                self._bar.advance(path, completed, self._metrics.get(path, {}))

    def phase_ended(self, path: str, completed: int) -> None:
        """A loop was left."""
        if self._bar is not None:
            with self._bar_isolated():
                self._bar.advance(path, completed, self._metrics.get(path, {}))
                self._bar.phase_ended(path)

    def describe(self, path: str, text: str) -> None:
        """Say what is being done."""
        if self._bar is not None:
            with self._bar_isolated():
                self._bar.describe(path, text)

    def note_metrics(self, path: str, metrics: Mapping[str, Any]) -> None:
        """Remember the newest value of each metric of a phase for the next time the bar is drawn."""
        self._metrics.setdefault(path, {}).update(metrics)

    @contextmanager
    def _bar_isolated(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            bar, self._bar = self._bar, None
            with suppress(Exception):
                if bar is not None:
                    bar.close("failed")
            self._logger.warning("the progress bar raised and is not shown any more", exc_info=error)


class Throttle:
    """Tells when it is time to look again."""

    def __init__(self) -> None:
        self._next = 0.0

    def is_due(self, now: float) -> bool:
        """Whether :data:`LOOK_SECONDS` have passed since it was last due.

        :param now: from ``time.monotonic``.
        """
        if now < self._next:
            return False
        self._next = now + LOOK_SECONDS
        return True
