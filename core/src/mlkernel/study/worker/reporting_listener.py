"""A listener that reports what a trainer measured, and ends the run where the driver says so."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING

from mlkernel.hookspecs import hookimpl
from mlkernel.study.worker.run_reports import RunReports

if TYPE_CHECKING:
    from mlkernel.records.metrics import MetricRecord
    from mlkernel.run.run import Run


class ReportingListener:
    """Reports at the ends of iterations of outermost loops, and at the end of the run.

    The step is the number of iterations of outermost loops done so far; the objectives are what the trainer reported or
    logged since the boundary before, by name.

    :param max_step: the step after which a run counts as finished; one whose loop ends there is left to end by itself.
    """

    def __init__(self, reports: RunReports, max_step: float | None) -> None:
        self.error: Exception | None = None
        """What went wrong while reporting; the run was asked to stop."""
        self._reports = reports
        self._max_step = max_step
        self._fresh: dict[str, float] = {}
        self._total: int | None = None
        """Of the outermost loop that is running."""

    @hookimpl
    def on_phase_started(self, run: Run, phase: str, total: int | None, completed: int) -> None:
        """Remember when the loop will end; where an earlier attempt came to the last step, nothing more is reported."""
        if "/" not in phase:
            self._total = total
            if completed and completed != total:
                self._reports.ending = self._reports.ending_at(steps_of(run.keeper.state.positions.completed))

    @hookimpl
    def on_metrics_logged(self, record: MetricRecord) -> None:
        """Remember what was logged."""
        self._fresh.update(record.metrics)

    @hookimpl
    def on_metric_reported(self, metric: str, value: float) -> None:
        """Remember what was reported."""
        self._fresh[metric] = value

    @hookimpl
    def on_iteration_ended(self, run: Run, phase: str, completed: int) -> None:
        """Report at the boundaries at which the run can be ended."""
        if "/" not in phase:
            self._report(run)
            self._end_here(run, is_last=completed == self._total)

    @hookimpl(wrapper=True)
    def save_checkpoint(self) -> Generator[None, bool | None, bool | None]:
        """See that all reports are written down before there is a state that comes after them, whoever writes it."""
        self._reports.confirm()
        return (yield)

    @hookimpl
    def on_run_finished(self, run: Run) -> None:
        """Report what was measured after the last loop."""
        if self._fresh:
            self._report(run, after_loops=True)

    def _report(self, run: Run, *, after_loops: bool = False) -> None:
        fresh, self._fresh = self._fresh, {}
        step = steps_of(run.keeper.state.positions.completed)
        try:
            # What is measured after the last boundary comes after what was reported there.
            self._reports.report(fresh, step + (after_loops and self._reports.step >= step))
        except Exception as error:  # noqa: BLE001 - a listener's exceptions are set aside; this one ends the run
            self.error = error

    def _end_here(self, run: Run, *, is_last: bool) -> None:
        ending = self._reports.ending
        if self.error is not None:
            run.request_stop(f"its report failed: {self.error}")
        elif ending is not None and not (is_last and ending.state == "finished"):
            run.request_stop(ending.reason or ending.state)


def steps_of(completed: Mapping[str, int]) -> int:
    """The step of a run that has done so many iterations of each of its loops."""
    return sum(count for path, count in completed.items() if "/" not in path)
