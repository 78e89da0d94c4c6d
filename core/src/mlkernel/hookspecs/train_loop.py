"""What happens inside the resumable loops of a trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlkernel.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from mlkernel.run.run import Run


class TrainLoopHooks:
    """Phases, iterations, and the question whether to go on."""

    @hookspec
    def on_phase_started(self, run: Run, phase: str, total: int | None, completed: int) -> None:
        """A loop was entered.

        :param phase: its name, such as ``"train"``.
        :param total: how many iterations it has, or ``None`` when that is open.
        :param completed: how many were done before, by an earlier attempt.
        """

    @hookspec
    def on_iteration_ended(self, run: Run, phase: str, completed: int) -> None:
        """An iteration ended, before a checkpoint that may be due is made.

        Called at every iteration: return quickly, and do not read accelerator memory here.

        :param completed: iterations of this phase done so far.
        """

    @hookspec
    def on_phase_ended(self, run: Run, phase: str) -> None:
        """A loop reached its total."""

    @hookspec(firstresult=True)
    def should_stop(self, run: Run, phase: str, completed: int) -> str | None:
        """Shall the run stop here? Asked at iteration boundaries, at most ten times a second.

        Asked inside a loop that is not resumable, as inner ones are not unless they say so, the run stops at the next
        boundary around it that is.

        :returns: the reason, shown to the user; ``None`` to go on. By default only SIGINT, SIGTERM and
            ``kernel stop`` end a run early.
        """
