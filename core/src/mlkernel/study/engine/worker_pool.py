"""The workers of a driver: jobs of a launcher, each with its connection and the run that it trains."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs
from attrs import define

from mlkernel.errors import KernelError
from mlkernel.launcher.launcher import OVER, JobHandle, JobSpec, JobStatus, Launcher, Resources
from mlkernel.study.engine.live_trial import LiveRun
from mlkernel.study.worker.messages import Answer, Bye
from mlkernel.study.worker.worker_server import Channel, Received, WorkerServer

PREFIX = "worker-"
GRACE_SECONDS = 10.0
"""Between the request to a worker to stop and its end by force."""
STILLBORN = 3
"""So many workers in a row that end before they connect are a fault of what is started, not of chance."""
SHOWN_OUTPUT = 2000
"""Bytes at the end of a worker's output that a message quotes."""


@define(eq=False)
class Worker:
    """One worker."""

    handle: JobHandle
    channel: Channel | None = None
    """``None`` before it connected, and after the connection ended."""
    run: LiveRun | None = None
    """What it trains."""
    owes_end: bool = False
    """Whether it has yet to say how a run ended that is not its own any more."""
    deadline: float | None = None
    """By the monotonic clock: when its run is over its time limit."""
    end_reason: str | None = None
    """Why the driver ends it, once it does."""
    was_heard: bool = False
    outbox: list[Answer] = attrs.field(factory=list)
    """What it is about to be told."""
    leaves: bool = False
    """Whether it was told that there is no more work."""

    @property
    def is_idle(self) -> bool:
        """Whether it waits for work."""
        return self.channel is not None and self.run is None and not self.owes_end and not self.leaves

    def tell(self, message: Answer) -> None:
        """Send it a message with the next :meth:`WorkerPool.deliver`, when what it follows from is on disk."""
        self.outbox.append(message)


class WorkerPool:
    """All workers that have not ended, and what they say.

    :param study: the study's folder.
    :param directory: where workers start.
    """

    def __init__(self, launcher: Launcher, study: Path, resources: Resources, directory: Path | None) -> None:
        self._launcher, self._study = launcher, study
        self.resources = resources
        """Of a run: what the workers get that are started from now on."""
        self._directory = directory
        self._workers: dict[str, Worker] = {}
        self._server: WorkerServer | None = None
        self._stillborn = 0

    def __iter__(self) -> Iterator[Worker]:
        return iter(list(self._workers.values()))

    def __len__(self) -> int:
        return sum([not worker.leaves for worker in self._workers.values()])

    @property
    def is_empty(self) -> bool:
        """Whether all have ended, those that were sent away, too."""
        return not self._workers

    def submit(self, count: int) -> None:
        """Start workers.

        :raises UsageError: the launcher can never start such a job.
        """
        specs = [self._spec(PREFIX + secrets.token_hex(4)) for _ in range(count)]
        for handle in self._launcher.submit(specs):
            self._workers[handle.key] = Worker(handle)

    def _spec(self, key: str) -> JobSpec:
        command = (sys.executable, "-m", "mlkernel.study.worker", "--study", str(self._study), "--key", key)
        return JobSpec(
            key=key,
            argv=command,
            directory=self._study / "workers" / key,
            working_directory=self._directory,
            # The time limit is one of runs: a worker trains many.
            resources=attrs.evolve(self.resources, time=None),
            grace=GRACE_SECONDS,
            forkable=True,
        )

    def adopt(self) -> dict[str, Worker]:
        """Take over the workers of an earlier driver that still live; those that it submitted, by their keys."""
        handles = self._launcher.find(PREFIX)
        states = self._launcher.poll(handles)
        for handle in handles:
            if states[handle.key].state not in OVER:
                self._workers[handle.key] = Worker(handle)
        return dict(self._workers)

    def announce(self) -> None:
        """Say where this driver can be reached."""
        self._listening().endpoint.write(self._study)

    def poll(self, timeout: float) -> list[Received]:
        """Everything that workers have said, after at most *timeout* seconds."""
        return self._listening().poll(timeout)

    def _listening(self) -> WorkerServer:
        if self._server is None:
            self._server = WorkerServer()
        return self._server

    def welcome(self, channel: Channel) -> Worker | None:
        """The worker that said hello; ``None``, and it was sent away, if nobody knows it."""
        worker = self._workers.get(channel.hello.key)
        if worker is None:
            channel.send(Bye())
            return None
        worker.channel, worker.was_heard = channel, True
        worker.outbox.clear()  # answers to what it will say once more
        self._stillborn = 0
        return worker

    def deliver(self) -> None:
        """Send what workers are to be told. A message that is lost with the connection is asked for again."""
        for worker in self._workers.values():
            for message in worker.outbox:
                if worker.channel is not None:
                    worker.channel.send(message)
            worker.outbox.clear()

    def send_away(self, workers: Iterable[Worker]) -> None:
        """Say that there is no more work."""
        for worker in workers:
            worker.leaves = True
            worker.tell(Bye())

    def cancel(self, workers: Iterable[Worker], reason: str) -> None:
        """End workers, by force after their grace."""
        chosen = [worker for worker in workers if worker.end_reason is None]
        for worker in chosen:
            worker.end_reason = reason
        self._launcher.cancel([worker.handle for worker in chosen])

    def overdue(self) -> list[Worker]:
        """Those whose run is over its time limit."""
        now = time.monotonic()
        return [worker for worker in self if worker.deadline is not None and now > worker.deadline]

    def take_ended(self) -> list[tuple[Worker, JobStatus]]:
        """Those whose job is over and from whom nothing more will be heard; they are forgotten.

        :raises KernelError: one after the other ended before it connected; quotes what the last one wrote.
        """
        silent = [worker for worker in self if worker.channel is None]
        states = self._launcher.poll([worker.handle for worker in silent])
        ended = [(worker, states[worker.handle.key]) for worker in silent]
        ended = [(worker, status) for worker, status in ended if status.state in OVER]
        for worker, status in ended:
            del self._workers[worker.handle.key]
            self._check_start(worker, status)
        return ended

    def _check_start(self, worker: Worker, status: JobStatus) -> None:
        if worker.was_heard or worker.end_reason is not None:
            return
        self._stillborn += 1
        if self._stillborn >= STILLBORN:
            raise self._cannot_start(worker, status)

    def _cannot_start(self, worker: Worker, status: JobStatus) -> KernelError:
        directory = self._study / "workers" / worker.handle.key
        output, _ = self._launcher.logs(worker.handle, "stderr")
        words = output[-SHOWN_OUTPUT:].decode(errors="replace").strip()
        return KernelError(
            f"workers end before they begin: {status.reason or status.state}"
            + (f"\n{words}" if words else ""),
            hint=f"All that they wrote is in {directory}.",
        )

    def close(self) -> None:
        """Hang up, and let go of the launcher; workers go on."""
        if self._server is not None:
            self._server.close()
        self._launcher.close()
