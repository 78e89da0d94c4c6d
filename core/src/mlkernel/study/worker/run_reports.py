"""What a target says while it trains, checked, sent to the driver, and answered."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, Literal

import attrs
from attrs import frozen

from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import write_text
from mlkernel.records.metrics import as_numbers
from mlkernel.study.worker.driver_link import DriverGoneError, Link
from mlkernel.study.worker.messages import (
    NEVER_REPORTED,
    Answer,
    Bye,
    Continue,
    Pause,
    ProtocolError,
    Reported,
    Stop,
    TrainRun,
    decode,
    encode,
)
from mlkernel.study.worker.stop_signal import StopSignal

UNANSWERED_FILE = "unanswered.json"
"""In the run's folder: the reports whose answer the worker could not wait for."""
CONFIRM_SECONDS = 0.1
"""How long reports whose answers say nothing new are sent without waiting for any: a driver that wants to end the run
is heard within this time."""


class TargetError(UsageError):
    """What is to be trained breaks its contract: it would do so again if it were tried again."""


@frozen
class Ending:
    """How a run ends, or shall end."""

    state: Literal["finished", "stopped", "paused"]
    reason: str | None = None
    """For people."""
    leaves: bool = False
    """Whether the worker ends with it."""


class RunReports:
    """The reports of one attempt of one run."""

    def __init__(self, order: TrainRun, link: Link, stop_signal: StopSignal) -> None:
        self.metrics: dict[str, float] = {}
        """The newest value of everything that was measured."""
        self.last: Reported | None = None
        """What goes to the driver together with the end."""
        self.count = 0
        """How many reports were made by this attempt."""
        self.step = 0.0
        """Of the newest report."""
        self.values: tuple[float, ...] | None = None
        """Of the newest report."""
        self.ending: Ending | None = None
        """What the newest answer, or a signal, says; ``None`` to train on."""
        self.unconfirmed: list[Reported] = []
        """What was told since the last answer."""
        self._free_until = -math.inf
        """The step below which no report needs an answer."""
        self._answered = 0.0
        """When the last one came, by ``time.monotonic``."""
        self._order = order
        self._unanswered = Path(order.directory) / UNANSWERED_FILE
        self._names = [metric for metric, _ in order.objectives]
        self._link = link
        self._stop_signal = stop_signal

    def report(self, metrics: Mapping[str, Any], step: float | None = None) -> Ending | None:
        """Report the objectives and whatever else was measured at *step*.

        What lacks an objective is remembered, and is no report.

        :param step: larger than that of the report before; one more than it by default, 1 for the first.
        :returns: how to end; ``None`` to train on.
        :raises TargetError: an objective is no number, or not finite, or the steps do not grow.
        """
        numbers = _as_numbers(metrics)
        self.metrics.update(numbers)
        if self.ending is None and all(name in numbers for name in self._names):
            self._send(numbers, self._checked_step(step))
        self.ending = self.ending or self._signalled()
        return self.ending

    def report_last(self, metrics: Mapping[str, Any], step: float | None = None) -> Ending | None:
        """Report what a run measured at its end: the driver hears of both at once, and may yet say how it ended.

        Like :meth:`report` otherwise.
        """
        numbers = _as_numbers(metrics)
        self.metrics.update(numbers)
        if self.ending is None and all(name in numbers for name in self._names):
            self.last = self._reported(numbers, self._checked_step(step))
            self.step, self.values, self.count = self.last.step, self.last.values, self.count + 1
            self.ending = self.ending_at(self.step)
        return self.ending

    def send_unanswered(self) -> Ending | None:
        """Send the reports that an earlier attempt had to leave without an answer; its state has what led to them.

        :returns: how the run ends there; ``None`` to train on.
        """
        if not self._unanswered.exists():
            return None
        lines = self._unanswered.read_bytes().splitlines()
        reports = [report for report in map(decode, lines) if isinstance(report, Reported)]
        if reports and self._order.source is None:
            for report in reports[:-1]:
                self._tell(attrs.evolve(report, waits=False))
            self._ask(attrs.evolve(reports[-1], waits=True))
        if not self.says_leave:
            self._unanswered.unlink()
        return self.ending

    def confirm(self) -> None:
        """Return when all that was reported is written down, or when that is left to the next attempt.

        It comes before a checkpoint, after which earlier reports will not be made again.
        """
        if not self.unconfirmed:
            return
        *earlier, newest = self.unconfirmed
        with suppress(DriverGoneError):  # the next report will say so again, and end the run
            answer = self._answer(attrs.evolve(newest, waits=True), earlier)
            self.unconfirmed.clear()
            if not isinstance(answer, Continue):
                # The next report is told the same, and ends the run where it is made.
                self._free_until = -math.inf

    def leave_unconfirmed(self) -> None:
        """Keep for the next attempt what nobody has confirmed."""
        if self.unconfirmed:
            self._keep(self.unconfirmed)

    @property
    def says_leave(self) -> bool:
        """Whether the worker ends with this run."""
        return self.ending is not None and self.ending.leaves

    def answering_signals(self) -> AbstractContextManager[None]:
        """For what has nothing to save: a signal raises :class:`~mlkernel.errors.RunStopped` wherever it is."""
        return self._stop_signal.raising()

    def ending_after_stop(self) -> Ending:
        """How a run ends that was left by :class:`~mlkernel.errors.RunStopped`.

        :raises TargetError: nobody asked for it.
        """
        ending = self.ending or self._signalled()
        if ending is None:
            raise TargetError(
                "it raised RunStopped, and nobody had asked it to stop", hint="Return to end a run early."
            )
        return ending

    def check_complete(self) -> None:
        """See that the objectives were reported.

        :raises TargetError: they never were; names what was. A resumed run may have reported them before.
        """
        if self.count or self._order.resume:
            return
        missing = ", ".join(repr(name) for name in self._names if name not in self.metrics)
        if not missing:
            raise TargetError(f"{NEVER_REPORTED} {' and '.join(map(repr, self._names))} together")
        known = ", ".join(self.metrics) or "nothing"
        advice = "Name one of these as the study's metric, or report the metric."
        raise TargetError(
            f"{NEVER_REPORTED} {missing}; it reported {known}",
            hint=advice if self.metrics else _way_to_report(str(self._order.target["name"]), self._names[0]),
        )

    def _send(self, numbers: dict[str, float], step: float) -> None:
        message = self._reported(numbers, step)
        is_due = time.monotonic() - self._answered > CONFIRM_SECONDS
        if step >= self._free_until or is_due or self.ending_at(step) is not None:
            self._ask(message)
        else:
            self._tell(attrs.evolve(message, waits=False))
        self.step, self.values, self.count = step, message.values, self.count + 1

    def _reported(self, numbers: dict[str, float], step: float) -> Reported:
        values = tuple(numbers.pop(name) for name in self._names)
        self._refuse_infinite(values, step)
        return Reported(
            trial=self._order.trial, place=self._order.place, step=step, values=values, metrics=numbers
        )

    def _tell(self, message: Reported) -> None:
        self.unconfirmed.append(message)
        with self._stop_signal.raising(may_raise=False):  # half a message could not be understood
            self._link.tell(message)

    def _ask(self, message: Reported) -> None:
        """Let the answer, or that there is none, say how the run ends."""
        try:
            answer = self._answer(message, self.unconfirmed)
        except DriverGoneError as gone:
            self.ending = Ending("paused", gone.message, leaves=True)
        else:
            self.ending = self._ending_of(answer, message.step)
        self.unconfirmed.clear()

    def _answer(self, message: Reported, earlier: Sequence[Reported]) -> Answer:
        """The driver's answer; without a driver, the next attempt finds what was to be said."""
        try:
            with self._stop_signal.raising(may_raise=False):  # half a message could not be answered
                answer = self._link.ask(message, earlier)
        except DriverGoneError:
            self._keep([*earlier, message])
            raise
        self._answered = time.monotonic()
        return answer

    def _keep(self, reports: Sequence[Reported]) -> None:
        write_text(self._unanswered, "".join(encode(one).decode() for one in reports))

    def _ending_of(self, answer: Answer, step: float) -> Ending | None:
        match answer:
            case Stop(reason=reason):
                return Ending("stopped", reason)
            case Pause():
                return Ending("paused", "the study lets it wait")
            case Bye():
                return Ending("paused", "the study needs no more of it now", leaves=True)
            case Continue(until=until):
                self._free_until = -math.inf if until is None else until
                return self.ending_at(step)
        raise ProtocolError(f"the driver answered a report with {answer.type!r}")

    def ending_at(self, step: float) -> Ending | None:
        """How the run ends at *step* if the driver lets it go on: also where an earlier attempt left a state of it."""
        if self._order.max_step is not None and step >= self._order.max_step:
            return Ending("finished", f"step {step:g} is the last one")
        if self._order.until is not None and step >= self._order.until:
            return Ending("paused", f"it waits at step {step:g}")
        return None

    def _signalled(self) -> Ending | None:
        reason = self._stop_signal.reason
        return None if reason is None else Ending("paused", reason, leaves=True)

    def _checked_step(self, step: float | None) -> float:
        if step is None:
            return self.step + 1
        number = float(_as_numbers({"step": step})["step"])
        if not math.isfinite(number) or (self.count and number <= self.step):
            raise TargetError(
                f"it reported step {number:g} after step {self.step:g}",
                hint="Steps grow from report to report; without a step they are counted.",
            )
        return number

    def _refuse_infinite(self, values: tuple[float, ...], step: float) -> None:
        for name, value in zip(self._names, values, strict=True):
            if not math.isfinite(value):
                raise TargetError(f"{name} is {value} at step {step:g}")


def _way_to_report(target: str, metric: str) -> str:
    """How *target*, which reported nothing, may report *metric*."""
    line = json.dumps({metric: 0.5})
    if target.endswith(".py"):
        return f"Print a line such as {line}; to call a function of the file, name it: {target}:objective."
    if target.endswith(".sh"):
        return f"Print a line such as {line}."
    return f"A function returns the number, or {line}, or calls reporter({metric}=0.5); a trainer logs it."


def _as_numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    try:
        return as_numbers(metrics)
    except TypeError as error:
        raise TargetError(f"it reported what is no number: {error}") from error
