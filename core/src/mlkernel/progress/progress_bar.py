"""What shows the progress of a run must be able to hear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class ProgressBar(Protocol):
    """Hears how a run gets on; the factory of a ``progress_bar`` component makes one for an attempt.

    All calls come from the thread that trains, so they must return quickly: :meth:`advance` is called at most ten
    times a second and once at the end of a phase.
    """

    def start(self, title: str, phases: Mapping[str, int]) -> None:
        """The attempt begins.

        :param title: names the run.
        :param phases: iterations of every phase whose total is known before training starts, in order.
        """

    def phase_started(self, name: str, total: int | None, completed: int, depth: int) -> None:
        """A loop was entered; a nested one may be entered again and again.

        :param total: its number of iterations, ``None`` when that is open.
        :param completed: iterations done by an earlier attempt.
        :param depth: 0 for the outermost loop, 1 for a loop inside it, and so on.
        """

    def advance(self, name: str, completed: int, metrics: Mapping[str, float]) -> None:
        """Iterations were completed.

        :param completed: of this phase, so far, earlier attempts included.
        :param metrics: the newest value of each metric logged in this phase.
        """

    def describe(self, name: str, text: str) -> None:
        """Say in a few words what the phase is doing; an empty text takes the words away."""

    def phase_ended(self, name: str) -> None:
        """The loop reached its end."""

    def close(self, outcome: str) -> None:
        """The attempt is over: ``"finished"``, ``"stopped"`` or ``"failed"``. Nothing is called afterwards."""
