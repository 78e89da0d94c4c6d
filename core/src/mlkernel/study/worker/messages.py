"""What a worker and the driver of its study say to each other: one JSON object a line, told apart by its ``type``.

The driver shows that it is one. A worker says who it is, is told what to train, and then speaks first: it sends a
report or an end, and waits for the answer before it does anything else; reports of which the scheduler has said that
they lead to nothing are sent without waiting. What no answer has followed is sent again over the next connection.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Literal, Protocol

import attrs
from attrs import field, frozen

from mlkernel.errors import KernelError
from mlkernel.records.strict_json import strict_json

NEVER_REPORTED = "it never reported"
"""How the error of a run begins that went well, but for an objective; in a store, it is known by this."""


class ProtocolError(KernelError):
    """The other side says what this one does not understand."""


def _pair(value: Sequence[int] | None) -> tuple[int, int] | None:
    return None if value is None else (value[0], value[1])


def _objectives(value: Iterable[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple([(metric, mode) for metric, mode in value])


def _values(value: Iterable[float]) -> tuple[float, ...]:
    return tuple(value)


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(value)


def _report(value: Reported | dict[str, Any] | None) -> Reported | None:
    return Reported(**value) if isinstance(value, dict) else value


def _numbers(value: Mapping[str, float | None]) -> dict[str, float]:
    """Metrics as they are in Python: what JSON has no word for was written as ``null``."""
    return {name: math.nan if number is None else number for name, number in value.items()}


def _default(one: attrs.Attribute[Any]) -> Any:
    """The value of a field that was not given; of one that must be given, what nobody gives."""
    factory = getattr(one.default, "factory", None)
    return one.default if factory is None else factory()


class Message(Protocol):
    """Anything that is sent: frozen, with the name that tells it apart."""

    type: ClassVar[str]


@frozen(kw_only=True)
class Welcome:
    """What a driver says to whoever connects, so that nobody else is taken for it."""

    type: ClassVar[str] = "welcome"
    proof: str
    """That it knows the token of its endpoint."""


@frozen(kw_only=True)
class Hello:
    """A worker's first message on every connection; the driver gives work, or waits for more if a run is under way."""

    type: ClassVar[str] = "hello"
    token: str = field(repr=False)
    """Of the driver's endpoint."""
    key: str
    """Of the launcher's job."""
    pid: int
    host: str
    running: tuple[int, int] | None = field(default=None, converter=_pair)
    """Trial and place of the run whose end the driver has not confirmed; its message follows at once."""


@frozen(kw_only=True)
class TrainRun:
    """Train this; sent by the driver."""

    type: ClassVar[str] = "run"
    trial: int
    place: int
    """Of the run within its trial."""
    attempt: int = 1
    directory: str
    """The run directory, absolute."""
    target: Mapping[str, Any]
    """``name``, as the study's ``trainer`` says it; perhaps ``kind``, and for scripts ``arguments`` and ``options``."""
    config: tuple[str, ...] = field(default=(), converter=_texts)
    """Configuration files, later ones over earlier ones."""
    set: Mapping[str, Any] = field(factory=dict)
    """Values that all trials share."""
    parameters: Mapping[str, Any] = field(factory=dict)
    """The point, laid over everything else."""
    seed: int = 0
    fold: int | None = None
    folds: int | None = None
    objectives: tuple[tuple[str, str], ...] = field(converter=_objectives)
    """Pairs of metric and mode, ``min`` or ``max``."""
    until: float | None = None
    """The step after which the run is paused."""
    max_step: float | None = None
    """The step after which it is finished."""
    source: str | None = None
    """The run directory whose newest checkpoint it goes on from."""
    resume: bool = False
    """Whether an earlier attempt may have left a state."""


@frozen(kw_only=True)
class Reported:
    """The objectives at a step; sent by the worker."""

    type: ClassVar[str] = "report"
    trial: int
    place: int
    step: float
    values: tuple[float, ...] = field(converter=_values)
    """One for each objective, all finite."""
    metrics: Mapping[str, float] = field(factory=dict, converter=_numbers)
    """Whatever else was measured there."""
    waits: bool = True
    """Whether the worker waits for the answer; it is sent none otherwise."""


@frozen(kw_only=True)
class Ended:
    """How the run ended; sent by the worker, which waits for more work."""

    type: ClassVar[str] = "end"
    trial: int
    place: int
    state: Literal["finished", "stopped", "paused", "failed"]
    """``paused`` can be trained on: because the driver said so, or because the worker itself has to go."""
    error: str | None = None
    """Why it failed, in one line; of a paused run, why the worker goes."""
    retry: bool = False
    """Whether a failed run may succeed if it is tried again."""
    no_room: bool = False
    """Whether it was left because a disk is full, so that no other run would fare better."""
    metrics: Mapping[str, float] = field(factory=dict, converter=_numbers)
    """The newest value of everything that was measured."""
    report: Reported | None = field(default=None, converter=_report)
    """What was measured last, of a run that does not wait for the answer."""
    peak_memory_mb: float | None = None
    """Of the worker's process while it trained the run."""


@frozen(kw_only=True)
class Continue:
    """An answer to a report: train on."""

    type: ClassVar[str] = "continue"
    until: float | None = None
    """Reports at smaller steps need no answer."""


@frozen(kw_only=True)
class Stop:
    """An answer to a report: the run ends here, and its result counts."""

    type: ClassVar[str] = "stop"
    reason: str = ""


@frozen(kw_only=True)
class Pause:
    """An answer to a report: save a checkpoint and say that the run ended ``paused``."""

    type: ClassVar[str] = "pause"


@frozen(kw_only=True)
class Bye:
    """An answer to anything: there is no more work. A run that is under way is left so that it can be resumed."""

    type: ClassVar[str] = "bye"


Answer = TrainRun | Continue | Stop | Pause | Bye
_TYPES: dict[str, Any] = {
    kind.type: kind for kind in (Welcome, Hello, TrainRun, Reported, Ended, Continue, Stop, Pause, Bye)
}
_DEFAULTS: dict[type, list[tuple[str, Any]]] = {
    kind: [(one.name, _default(one)) for one in attrs.fields(kind)] for kind in _TYPES.values()
}
_DECODER = json.JSONDecoder()


def encode(message: Message) -> bytes:
    """*message* as a line."""
    return _continue_line(message) if isinstance(message, Continue) else _line(message)


@lru_cache(maxsize=1024)
def _continue_line(message: Continue) -> bytes:
    """By far the most frequent answer is not written anew each time."""
    return _line(message)


def _line(message: Message) -> bytes:
    content = {"type": message.type, **_fields(message)}
    if isinstance(message, Ended) and message.report is not None:
        content["report"] = _fields(message.report)
    return strict_json(content).encode() + b"\n"


def _fields(message: Message) -> dict[str, Any]:
    """What is not as it is by default."""
    return {
        name: value
        for name, default in _DEFAULTS[type(message)]
        if (value := getattr(message, name)) != default
    }


def decode(line: bytes | bytearray) -> Message:
    """The message in a line.

    :raises ProtocolError: it is none; says why.
    """
    try:
        content = _DECODER.decode(line.decode())
        message: Message = _TYPES[content.pop("type")](**content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProtocolError(
            f"not a message: {line[:200].decode(errors='replace').rstrip()!r} ({error!r})",
            hint="The driver and its workers must be of the same version of mlkernel.",
        ) from error
    return message
