"""A listener that writes down everything it hears."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from mlkernel.hookspecs import FAMILIES, hookimpl


@frozen
class Event:
    """One call of a hook."""

    name: str
    """The hook's."""
    arguments: Mapping[str, Any]
    """What it was called with, without the run."""


class EventRecorder:
    """Hears every notification; give it to :func:`mlkernel.testing.run_in_process`."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        """In the order of the calls."""

    def names(self) -> list[str]:
        """Names of the hooks that were called, in order."""
        return [event.name for event in self.events]

    def calls(self, name: str) -> list[Mapping[str, Any]]:
        """Arguments of every call of the hook *name*."""
        return [event.arguments for event in self.events if event.name == name]


def _recording_method(name: str, specification: Callable[..., None]) -> Callable[..., None]:
    parameters = list(inspect.signature(specification).parameters)[1:]

    # pluggy takes the names of the arguments from the wrapped function and passes values in that order.
    @functools.wraps(specification)
    def record(self: EventRecorder, *values: Any) -> None:
        arguments = dict(zip(parameters, values, strict=True))
        arguments.pop("run", None)
        self.events.append(Event(name, arguments))

    method: Callable[..., None] = hookimpl(record)
    return method


for _family in FAMILIES:
    for _name, _specification in vars(_family).items():
        if _name.startswith("on_"):
            setattr(EventRecorder, _name, _recording_method(_name, _specification))
