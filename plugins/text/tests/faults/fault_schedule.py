"""What shall go wrong, and when; drawn from a seed, and plain JSON on its way to the provider."""

from __future__ import annotations

import random
from typing import Literal

from attrs import frozen

Operation = Literal["chat", "upload", "create", "poll", "list", "model"]

REQUEST_FAULTS = (
    "500-before",  # nothing was done
    "500-after",  # it was done, and the answer says that it failed
    "503-retry-after",
    "429",
    "429-retry-after",
    "429-date",
    "timeout-before",
    "timeout-after",  # it was done, and the answer never comes
    "late",  # it is done after the client has given up
    "cut-json",  # it was done, and the answer ends in the middle
    "cut-connection",  # it was done, and the connection breaks in the middle of the answer
    "no-json",
    "slow",
    "kill-before",  # the training process is killed when the request arrives
    "kill-after",  # ... when it was done, before it is answered
    "kill-answered",  # ... when it was answered
)
JOB_FAULTS = ("fail", "cancel", "forget", "pause", "unknown-state", "model-named-late")


@frozen(kw_only=True)
class RequestFault:
    """Something that happens to the *at*-th request of an operation, counted from 1."""

    operation: Operation
    at: int
    fault: str


@frozen(kw_only=True)
class JobFault:
    """Something that happens to the *at*-th job, counted from 1."""

    at: int
    fault: str


@frozen(kw_only=True)
class Kill:
    """The training process kills itself at an event."""

    place: Literal["call", "time"]
    at: float
    """At which call or return of a function that matters, counted from 1; or after how many seconds."""


@frozen(kw_only=True)
class Schedule:
    """Everything that goes wrong in one run, over all its attempts."""

    seed: int
    requests: tuple[RequestFault, ...] = ()
    jobs: tuple[JobFault, ...] = ()
    kills: tuple[Kill, ...] = ()
    """One for each attempt; attempts beyond are left in peace by themselves."""
    knows_idempotency: bool = True
    """Whether creating a job honours the header. Generations always do: nothing else can make them paid once."""
    filters_lists: bool = True
    """Whether the filter of a list is honoured."""
    has_more: bool = True
    """Whether a list says that there is more, and knows ``after``."""


@frozen(kw_only=True)
class Extent:
    """How often everything happens in a run without faults, so that faults fall into it."""

    requests: dict[str, int]
    jobs: int
    calls: int
    seconds: float


def random_schedule(seed: int, extent: Extent) -> Schedule:
    """A schedule with a handful of faults of every sort."""
    draw = random.Random(seed)
    knows_idempotency = draw.random() < 0.5
    requests = []
    for operation, count in extent.requests.items():
        rate = 0.1 if operation == "chat" else 0.35
        for at in range(1, 2 * count + 1):
            if draw.random() < rate:
                fault = draw.choice(REQUEST_FAULTS)
                if fault == "late" and operation == "create" and not knows_idempotency:
                    fault = "timeout-after"  # who creates later, and knows no key, cannot be kept from doing it twice
                requests.append(RequestFault(operation=operation, at=at, fault=fault))
    jobs = [
        JobFault(at=at, fault=draw.choice(JOB_FAULTS))
        for at in range(1, extent.jobs + 1)
        if draw.random() < 0.4
    ]
    kills = [
        Kill(place="call", at=draw.randint(1, extent.calls))
        if draw.random() < 0.7
        else Kill(place="time", at=draw.uniform(0.0, extent.seconds))
        for _ in range(draw.randint(0, 4))
    ]
    return Schedule(
        seed=seed,
        requests=tuple(requests),
        jobs=tuple(jobs),
        kills=tuple(kills),
        knows_idempotency=knows_idempotency,
        filters_lists=draw.random() < 0.7,
        has_more=draw.random() < 0.7,
    )
