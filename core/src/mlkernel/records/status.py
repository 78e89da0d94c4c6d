"""``status.json``: where a run stands, replaced whole at every change."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from typing import Any, Literal

import attrs
from attrs import Factory, define, frozen

from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import write_text
from mlkernel.records.run_directory import RunDirectory
from mlkernel.records.run_lock import is_locked
from mlkernel.records.strict_json import strict_json

State = Literal["pending", "running", "stopped", "failed", "finished"]
"""``stopped`` and ``failed`` runs can be resumed; ``finished`` ones extended."""

PROCESS_DIED = "its process died"
"""The reason of an attempt that ended without a word."""

HEARTBEAT_SECONDS = 5.0
"""How often a running run says that it lives."""


@frozen(kw_only=True)
class AttemptRecord:
    """What is remembered of one process's work on a run."""

    number: int
    started: float
    """Seconds since 1970."""
    pid: int
    host: str
    versions: dict[str, str] = Factory(dict)
    """Of Python, mlkernel, the plugins that took part and what they need."""
    ended: float | None = None
    outcome: State | None = None
    reason: str | None = None


@frozen(kw_only=True)
class BestValue:
    """The best reported value of the run and the checkpoint that holds its parameters."""

    metric: str
    value: float
    mode: Literal["max", "min"]


@define(kw_only=True)
class Status:
    """The content of ``status.json``."""

    state: State = "pending"
    reason: str | None = None
    """Why it stopped or failed."""
    heartbeat: float | None = None
    """When the running process last said that it lives, seconds since 1970."""
    attempts: list[AttemptRecord] = Factory(list)
    progress: dict[str, tuple[int, int | None]] = Factory(dict)
    """Completed iterations and total of each phase."""
    best: BestValue | None = None
    notes: dict[str, Any] = Factory(dict)
    """Facts that the trainer wants ``kernel show`` to print."""

    @property
    def seconds(self) -> float:
        """Time spent, over all attempts, of a running one up to its last heartbeat."""
        return sum((a.ended or self.heartbeat or a.started) - a.started for a in self.attempts)

    def begin_attempt(self, versions: Mapping[str, str] | None = None) -> AttemptRecord:
        """Append a new attempt of this process and become ``running``.

        :param versions: of what trains, by name.
        """
        now = time.time()
        if self.attempts and self.attempts[-1].ended is None:
            self.end_attempt("stopped", PROCESS_DIED, at=self.heartbeat)
        attempt = AttemptRecord(
            number=len(self.attempts) + 1,
            started=now,
            pid=os.getpid(),
            host=socket.gethostname(),
            versions=dict(versions or {}),
        )
        self.attempts.append(attempt)
        self.state, self.reason, self.heartbeat = "running", None, now
        return attempt

    def end_attempt(self, outcome: State, reason: str | None = None, *, at: float | None = None) -> None:
        """Close the newest attempt.

        :param at: when it ended, seconds since 1970; now unless given.
        """
        ended = at or time.time()
        self.attempts[-1] = attrs.evolve(self.attempts[-1], ended=ended, outcome=outcome, reason=reason)
        self.state, self.reason, self.heartbeat = outcome, reason, ended


def write_status(directory: RunDirectory, status: Status, *, durable: bool = True) -> None:
    """Replace ``status.json``.

    :raises StorageError: the disk is full or not writable.
    """
    write_text(directory.status, strict_json(attrs.asdict(status), indent=2) + "\n", durable=durable)


def read_status(directory: RunDirectory) -> Status:
    """What ``status.json`` says, except that a run whose process died is ``stopped``.

    A run directory without the file (its process died before writing it) is ``pending``.

    :raises UsageError: the file is damaged.
    """
    try:
        status = _parse(json.loads(directory.status.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Status()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{directory.status} is damaged: {error!r}",
            hint="Delete it: attempts and notes are then forgotten, checkpoints and metrics are not.",
        ) from error
    if status.state == "running" and _process_is_gone(directory, status):
        status.state, status.reason = "stopped", PROCESS_DIED
    return status


def _parse(values: dict[str, Any]) -> Status:
    return Status(
        state=values["state"],
        reason=values["reason"],
        heartbeat=values["heartbeat"],
        attempts=[AttemptRecord(**attempt) for attempt in values["attempts"]],
        progress={name: (done, total) for name, (done, total) in values["progress"].items()},
        best=BestValue(**values["best"]) if values["best"] else None,
        notes=values["notes"],
    )


def _process_is_gone(directory: RunDirectory, status: Status) -> bool:
    """A run of this machine lives while its lock is held; one of another machine while its heart beats."""
    if status.attempts and status.attempts[-1].host == socket.gethostname():
        return not is_locked(directory.lock)
    return time.time() - (status.heartbeat or 0.0) > 12 * HEARTBEAT_SECONDS
