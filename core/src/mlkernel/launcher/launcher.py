"""The contract of launchers: commands in, true terminal states out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import attrs
from attrs import frozen

JobState = Literal[
    "queued", "running", "succeeded", "failed", "cancelled", "timeout", "out_of_memory", "lost"
]
"""``succeeded`` is an exit code of 0 and nothing else; ``lost`` is a job that nobody knows any more, or that was taken
away from it, by a restart of the machine or a preemption, and will not run again by itself."""
OVER: frozenset[JobState] = frozenset(
    {"succeeded", "failed", "cancelled", "timeout", "out_of_memory", "lost"}
)
"""States that a job does not leave."""

_POSITIVE = attrs.validators.optional(attrs.validators.gt(0))


@frozen(kw_only=True)
class Resources:
    """What one job needs."""

    cpus: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    """Processor cores."""
    gpus: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    """Devices, which no other job uses at the same time."""
    memory: int | None = attrs.field(default=None, validator=_POSITIVE)
    """Megabytes of all processes of the job together; ``None`` for no limit."""
    time: float | None = attrs.field(default=None, validator=_POSITIVE)
    """Seconds until it is ended; ``None`` for no limit."""
    extra: Mapping[str, Any] = attrs.field(factory=dict)
    """What only one launcher knows, such as a queue or an account."""


@frozen(kw_only=True)
class JobSpec:
    """A command and what it needs: never code, never a pickle."""

    key: str
    """Names the job in all its submissions: a second submission of a key finds the job of the first."""
    argv: tuple[str, ...]
    """The command."""
    directory: Path
    """Its own folder, which holds ``stdout.txt`` and ``stderr.txt``; made if it is missing."""
    working_directory: Path | None = None
    """Where the command starts; the launcher's own when ``None``."""
    environment: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """Added to that of the launcher; never written to a file or a log."""
    resources: Resources = Resources()
    """What it needs."""
    grace: float = 30.0
    """Seconds between the request to stop and the end by force."""
    forkable: bool = False
    """Whether the command is ``python -m MODULE ...`` of this interpreter, and may as well run in a fork of a process
    that has imported MODULE, by which a launcher saves time: its import reads no environment and opens nothing."""


@frozen(kw_only=True)
class JobHandle:
    """By which a submitted job is known, in this process and in later ones."""

    key: str
    """Of its specification."""
    native: Mapping[str, Any]
    """What the launcher needs to find the job again: strings, numbers and their lists and mappings."""


@frozen(kw_only=True)
class JobStatus:
    """Where a job stands."""

    state: JobState
    """What all launchers say alike."""
    exit_code: int | None = None
    """Of a job that is over and had one."""
    reason: str | None = None
    """What to tell a person, such as ``killed by signal 9`` or ``over its limit of 512 MB``."""
    native_state: str | None = None
    """What the system behind the launcher calls it."""


@frozen(kw_only=True)
class LauncherCapabilities:
    """What a launcher can do; who uses it asks for nothing else."""

    channel: bool = False
    """Whether jobs can open a connection to the process that submitted them, and be answered at once."""
    gpus: bool = False
    """Whether jobs can be given devices."""
    memory_limit: bool = False
    """Whether ``Resources.memory`` is kept to."""


class Launcher(Protocol):
    """Runs commands somewhere. Its factory is called with its configuration, and the folder for its handles.

    Handles are on disk before :meth:`submit` returns, so that another process that is given the same folder finds every
    job again.
    """

    capabilities: LauncherCapabilities

    def check(self, resources: Resources) -> None:
        """See that such a job can be had here, as far as this is known without asking anybody.

        :raises UsageError: it never can; says what is too much.
        """

    def submit(self, specs: Sequence[JobSpec]) -> list[JobHandle]:
        """Hand the jobs over, as one array where the system has arrays.

        A key that was submitted before finds its job, running or over; only what is certain never to have started is
        submitted anew.

        :raises UsageError: one asks for what can never be had here; none was submitted.
        """

    def poll(self, handles: Sequence[JobHandle]) -> dict[str, JobStatus]:
        """How jobs stand, by their keys; all asked for at once. Never waits."""

    def cancel(self, handles: Sequence[JobHandle]) -> None:
        """Ask jobs to stop, and end them by force after their grace. Jobs that are over are left alone."""

    def logs(
        self, handle: JobHandle, stream: Literal["stdout", "stderr"], offset: int = 0
    ) -> tuple[bytes, int]:
        """What a job wrote from byte *offset* on, and the offset for the next call."""

    def find(self, prefix: str = "") -> list[JobHandle]:
        """The jobs of this folder whose keys begin with *prefix*, those of earlier processes too."""

    def close(self) -> None:
        """Let go of what this process holds; what runs goes on."""
