"""A progress bar that works on every terminal, and on paper."""

import sys
from collections.abc import Mapping

from mlkernel import Run

DOTS = 20


class Dots:
    """One line for each outermost phase, with a dot for every twentieth of it."""

    def __init__(self, run: Run) -> None:
        self._outermost = ""
        self._total = 0
        self._printed = 0

    def start(self, title: str, phases: Mapping[str, int]) -> None:
        self._print(f"{title}: {', '.join(phases)}\n")

    def phase_started(self, name: str, total: int | None, completed: int, depth: int) -> None:
        if depth == 0:
            self._outermost, self._total, self._printed = name, total or 0, 0
            self._print(f"{name} ")

    def advance(self, name: str, completed: int, metrics: Mapping[str, float]) -> None:
        if name == self._outermost and self._total:
            due = DOTS * completed // self._total
            self._print("." * (due - self._printed))
            self._printed = due

    def describe(self, name: str, text: str) -> None:
        """There is no room for words between dots."""

    def phase_ended(self, name: str) -> None:
        if name == self._outermost:
            self._print("\n")

    def close(self, outcome: str) -> None:
        self._print(f"{outcome}\n")

    def _print(self, text: str) -> None:
        print(text, end="", file=sys.stderr, flush=True)
