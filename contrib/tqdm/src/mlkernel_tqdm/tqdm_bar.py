"""A progress bar made of tqdm's."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Never, TextIO, cast

from tqdm import tqdm
from tqdm.contrib import DummyTqdmFile

if TYPE_CHECKING:
    from mlkernel import Run


class TqdmBar:
    """Shows one tqdm bar for each phase that runs, nested ones beneath the one around them.

    What is printed while bars are shown, log lines too, appears above them.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        """Draw on *stream*, standard error unless given."""
        self._stream = stream or sys.stderr
        self._title = ""
        self._bars: dict[str, tqdm[Never]] = {}
        self._redirections = ExitStack()

    def start(self, title: str, phases: Mapping[str, int]) -> None:
        """Name the run and its phases."""
        self._title = title
        self._write(", ".join([title, *(f"{name} {total}" for name, total in phases.items())]))
        self._redirections.enter_context(redirect_stderr(_above_bars(sys.stderr)))
        if sys.stdout.isatty():
            self._redirections.enter_context(redirect_stdout(_above_bars(sys.stdout)))

    def phase_started(self, name: str, total: int | None, completed: int, depth: int) -> None:
        """Show the phase's bar; a nested phase that is entered again uses its bar again."""
        bar = self._bars.get(name)
        if bar is None:
            bar = self._bars[name] = tqdm(
                desc=name,
                total=total,
                initial=completed,
                position=depth,
                leave=depth == 0,
                file=self._stream,
                dynamic_ncols=True,
            )
        bar.total = total
        bar.update(
            completed - bar.n
        )  # draws only when the last time is long enough ago, as `reset` would not

    def advance(self, name: str, completed: int, metrics: Mapping[str, float]) -> None:
        """Move the phase's bar, with the newest metrics beside it."""
        bar = self._bars[name]
        if metrics:
            bar.set_postfix(metrics, refresh=False)
        bar.update(completed - bar.n)

    def describe(self, name: str, text: str) -> None:
        """Show *text*, on one line, after the phase's name."""
        self._bars[name].set_description_str(": ".join([name, " ".join(text.split())]) if text else name)

    def phase_ended(self, name: str) -> None:
        """Leave an outermost bar as it is and take those nested in it away; a nested one may yet be entered again."""
        if self._bars[name].pos == 0:
            self._bars[name].refresh()
            self._close_bars()

    def close(self, outcome: str) -> None:
        """Give the terminal back and say how the attempt ended."""
        self._close_bars()
        self._redirections.close()
        self._write(f"{self._title}, {outcome}")

    def _close_bars(self) -> None:
        for bar in reversed(
            self._bars.values()
        ):  # the innermost first, or the others would move up meanwhile
            bar.close()
        self._bars.clear()

    def _write(self, line: str) -> None:
        tqdm.write(line, file=self._stream)


def _above_bars(stream: TextIO) -> TextIO:
    """Return a stream that writes whole lines to *stream*, above the bars that are shown."""
    return cast("TextIO", DummyTqdmFile(stream))


def make_tqdm_bar(run: Run) -> TqdmBar:
    """Make the bar of *run*."""
    return TqdmBar()
