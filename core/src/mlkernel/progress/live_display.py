"""rich's live display, taught to survive a terminal that is made narrower."""

from __future__ import annotations

import sys

from rich.console import Console, ConsoleRenderable
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType

from mlkernel.progress.phase_rows import PhaseRows

REFRESHES_PER_SECOND = 4


class LiveDisplay(Live):
    """Redraws the rows four times a second from a thread of its own, so that the training loop never draws.

    A terminal that gets narrower folds the lines on it into more lines than were written; rich then clears too few
    of them and leaves torn bars behind. This class clears as many as the folding made.
    """

    def __init__(self, rows: PhaseRows, console: Console) -> None:
        super().__init__(
            rows,
            console=console,
            refresh_per_second=REFRESHES_PER_SECOND,
            # Standard output that goes to a file must still arrive there.
            redirect_stdout=sys.stdout.isatty(),
            vertical_overflow="crop",
        )
        self._rows = rows

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Put the clearing of folded lines before what rich does to take its display away."""
        processed = super().process_renderables(renderables)
        width = self.console.width
        folded = sum(max(0, -(-drawn // width) - 1) for drawn in self._rows.drawn_widths)
        if not folded:
            return processed
        step_up = [(ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2)]
        return [Control((ControlType.ERASE_IN_LINE, 2), *step_up * folded), *processed]
