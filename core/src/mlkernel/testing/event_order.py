"""The order in which a run may call its listeners, as a state machine over recorded events.

::

    [restored] → started → ( phase started → iterations → phase ended )* → finished | stopped | failed
                             phases nest; metrics, reports, checkpoints and artifacts come between started and the end
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlkernel.testing.check import expect
from mlkernel.testing.event_recorder import Event

ENDS = {"on_run_finished", "on_run_stopped", "on_run_failed"}


def check_event_order(events: Sequence[Event]) -> None:
    """Check one attempt's events.

    :raises CheckFailed: naming the event that came at the wrong time.
    """
    order = _Order()
    for number, event in enumerate(events):
        order.place = f"event {number}, {event.name}({_short(event.arguments)}),"
        order.accept(event)
    expect(order.has_ended, "the run never told its listeners how it ended")


class _Order:
    def __init__(self) -> None:
        self.place = ""
        self.has_started = False
        self.has_ended = False
        self._phases: list[str] = []
        self._completed: dict[str, int] = {}

    def accept(self, event: Event) -> None:
        if event.name == "on_checkpoint_restored":
            expect(not self.has_started, f"{self.place} came after the start of the run")
            return
        if event.name == "on_run_started":
            expect(not self.has_started, f"{self.place} came twice")
            self.has_started = True
            return
        expect(self.has_started, f"{self.place} came before the start of the run")
        expect(not self.has_ended, f"{self.place} came after the end of the run")
        if event.name in ENDS:
            self._accept_end(event.name)
        elif event.name in {"on_phase_started", "on_iteration_ended", "on_phase_ended"}:
            self._accept_phase(event.name, event.arguments)

    def _accept_end(self, name: str) -> None:
        self.has_ended = True
        running = ", ".join(self._phases)
        expect(
            name != "on_run_finished" or not self._phases, f"{self.place} came while {running} was running"
        )

    def _accept_phase(self, name: str, arguments: Mapping[str, Any]) -> None:
        phase = arguments["phase"]
        if name == "on_phase_started":
            self._phases.append(phase)
            self._completed[phase] = arguments["completed"]
            return
        innermost = self._phases[-1] if self._phases else "no phase"
        expect(phase == innermost, f"{self.place} came while {innermost} was the innermost phase")
        if name == "on_phase_ended":
            self._phases.pop()
            return
        before = self._completed[phase]
        expect(arguments["completed"] == before + 1, f"{self.place} came after {before} iterations")
        self._completed[phase] += 1


def _short(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items() if isinstance(value, str | int))
