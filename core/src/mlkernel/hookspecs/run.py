"""What happens to a run as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlkernel.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from pathlib import Path

    from mlkernel.records.metrics import MetricRecord
    from mlkernel.run.run import Run


class RunHooks:
    """Notifications from the opening of a run directory to its last status."""

    @hookspec
    def on_run_started(self, run: Run) -> None:
        """An attempt begins: the run directory is open, the trainer is built, nothing has been trained.

        :param run: the run; ``run.attempt`` is 1 the first time and grows with each resume.
        """

    @hookspec
    def on_run_finished(self, run: Run) -> None:
        """The trainer returned and everything is on disk."""

    @hookspec
    def on_run_stopped(self, run: Run, reason: str) -> None:
        """The run left its loop at a boundary because it was asked to; it can be resumed.

        :param reason: such as ``"SIGTERM"`` or what :meth:`TrainLoopHooks.should_stop` answered.
        """

    @hookspec
    def on_run_failed(self, run: Run, error: BaseException) -> None:
        """The trainer or a plugin that it depends on raised. Every listener is told, whatever the others do.

        :param error: what was raised.
        """

    @hookspec
    def on_metrics_logged(self, run: Run, record: MetricRecord) -> None:
        """A record was appended to ``metrics.jsonl``.

        :param record: phase, iteration, time in seconds, and the metrics by name.
        """

    @hookspec
    def on_metric_reported(self, run: Run, metric: str, value: float) -> None:
        """The trainer reported the value by which runs are compared.

        :param metric: its name.
        :param value: its newest value.
        """

    @hookspec
    def on_artifact_kept(self, run: Run, path: Path) -> None:
        """A file was completed in the run's ``artifacts`` folder.

        :param path: the file.
        """
