"""A worker's day: it is given runs, trains one after the other, and says how each ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkernel.errors import RunStopped
from mlkernel.study.worker.driver_link import DriverGoneError, Link
from mlkernel.study.worker.failure import Failure, describe_failure, print_traceback
from mlkernel.study.worker.messages import Answer, Ended, TrainRun
from mlkernel.study.worker.peak_memory import forget_peak, peak_memory_mb
from mlkernel.study.worker.run_output import output_to
from mlkernel.study.worker.run_reports import Ending, RunReports
from mlkernel.study.worker.stop_signal import StopSignal
from mlkernel.study.worker.target import Target, find_target

RESUMABLE = 75
"""The exit code of a worker that left a run behind which can be resumed."""


class Worker:
    """Trains what it is told.

    :param link: who tells it.
    """

    def __init__(self, link: Link, stop_signal: StopSignal) -> None:
        self._link = link
        self._stop_signal = stop_signal
        self._target: Target | None = None
        self._target_asked: str | None = None

    def work(self) -> int:
        """Train until there is no more.

        :returns: the exit code: 0, or 75 when it had to leave a run or lost its driver.
        """
        try:
            with self._stop_signal.raising():
                order = self._link.first()
            while isinstance(order, TrainRun):
                ended, reports, leaves = self._train(order)
                leaves = leaves or self._stop_signal.reason is not None
                with self._stop_signal.raising(may_raise=not leaves):
                    order = self._conclude(ended, reports)
                if leaves:
                    return RESUMABLE
        except RunStopped:  # while it had nothing to do
            return 0
        except DriverGoneError:
            return RESUMABLE
        finally:
            self._let_go()
        return 0

    def _conclude(self, ended: Ended, reports: RunReports) -> Answer:
        """Say how the run ended, and hear what comes next."""
        try:
            return self._link.ask(ended, reports.unconfirmed)
        except DriverGoneError:
            reports.leave_unconfirmed()
            raise

    def _train(self, order: TrainRun) -> tuple[Ended, RunReports, bool]:
        """How the run ended, what it reported, and whether the worker ends with it."""
        forget_peak()
        reports = RunReports(order, self._link, self._stop_signal)
        outcome: Ending | Failure
        try:
            directory = Path(order.directory)
            directory.mkdir(parents=True, exist_ok=True)
            with output_to(directory):
                outcome = self._train_in(order, reports)
        except OSError as error:  # the folder cannot be written, not even to say so
            outcome = describe_failure(error, directory)
        said: dict[str, Any]
        if isinstance(outcome, Ending):
            leaves = outcome.leaves
            said = {"state": outcome.state, "error": outcome.reason if leaves else None}
        else:
            leaves = outcome.no_room
            said = {"state": "paused" if leaves else "failed", "error": outcome.error, "retry": outcome.retry}
            said["no_room"] = outcome.no_room
        ended = Ended(
            trial=order.trial,
            place=order.place,
            metrics=reports.metrics,
            report=reports.last,
            peak_memory_mb=peak_memory_mb(),
            **said,
        )
        return ended, reports, reports.says_leave or leaves

    def _train_in(self, order: TrainRun, reports: RunReports) -> Ending | Failure:
        try:
            ending = reports.send_unanswered() or self._target_of(order.target).train(order, reports)
            if ending is None or ending.state != "paused":
                reports.check_complete()
        except BaseException as error:  # noqa: BLE001 - the worker outlives its runs, whatever they raise
            self._let_go()
            print_traceback(error)
            return describe_failure(error, Path(order.directory))
        return ending or Ending("finished")

    def _target_of(self, asked: Mapping[str, Any]) -> Target:
        """The target, found once for as long as the runs have the same."""
        text = json.dumps(asked, sort_keys=True)
        if self._target is None or self._target_asked != text:
            self._let_go()
            self._target, self._target_asked = find_target(asked), text
        return self._target

    def _let_go(self) -> None:
        if self._target is not None:
            target, self._target = self._target, None
            target.close()
