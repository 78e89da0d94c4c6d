"""Who shows the progress of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlkernel.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from mlkernel.progress.progress_bar import ProgressBar
    from mlkernel.run.run import Run


class ProgressBarHooks:
    """The making of a progress bar."""

    @hookspec(firstresult=True)
    def make_progress_bar(self, run: Run, name: str) -> ProgressBar | None:
        """Make the progress bar of an attempt.

        The default looks *name* up among the components of the kind ``progress_bar``.

        :param name: the configured name; ``"auto"`` is ``rich`` on a terminal and ``plain`` elsewhere.
        """
