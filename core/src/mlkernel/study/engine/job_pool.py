"""One job for each run, where jobs cannot reach the driver: orders are files, and so is what becomes of them.

To the driver it looks like workers that train a single run: an order becomes a job, what the job appends to its files
is heard as messages, and answers are not heard by anybody.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from mlkernel.launcher.launcher import OVER, JobHandle, JobSpec, JobStatus, Launcher, Resources
from mlkernel.records.atomic_file import storage_errors, write_text
from mlkernel.study.engine.job_channel import JobChannel
from mlkernel.study.engine.worker_pool import GRACE_SECONDS, Worker, WorkerPool
from mlkernel.study.worker.job_link import JOB_FILE
from mlkernel.study.worker.messages import Bye, Ended, TrainRun, encode
from mlkernel.study.worker.worker_server import Channel, Received

PREFIX = "job-"
LATE_SECONDS = 2.0
"""A shared file system may show the last words of a job so much later than its end is known."""


class JobPool(WorkerPool):
    """All jobs that are not over, and places for more."""

    def __init__(self, launcher: Launcher, study: Path, resources: Resources, directory: Path | None) -> None:
        super().__init__(launcher, study, resources, directory)
        self._folder = study / "workers"
        self._channels: dict[str, JobChannel] = {}
        self._gone: list[JobChannel] = []

    def submit(self, count: int) -> None:
        """Make places for jobs, each of which waits for an order."""
        for _ in range(count):
            self._add(JobHandle(key=PREFIX + secrets.token_hex(4), native={}))

    def adopt(self) -> dict[str, Worker]:
        """Take over the jobs of an earlier driver whose ends were not written down, those that are over, too."""
        for handle in self._launcher.find(PREFIX):
            if (self._folder / handle.key / JOB_FILE).exists():
                self._add(handle).under_way = True
        return {key: channel.worker for key, channel in self._channels.items()}

    def announce(self) -> None:
        """Nobody connects."""

    def poll(self, timeout: float) -> list[Received]:
        """Everything that jobs have written, after *timeout* seconds if nothing happened in this process."""
        new = [channel for channel in self._channels.values() if channel.worker.channel is None]
        gone, self._gone = self._gone, []
        if not new and not gone:
            time.sleep(timeout)
        return [
            *(Received(channel, channel.hello) for channel in new),
            *(Received(channel, None) for channel in gone),
            *(message for channel in list(self._channels.values()) for message in self._heard(channel)),
        ]

    def welcome(self, channel: Channel) -> Worker | None:
        """The place of a channel."""
        worker = self._workers[channel.hello.key]
        worker.channel = channel
        return worker

    def deliver(self) -> None:
        """Submit what was ordered, together; ask those to end that are not to go on."""
        specs, leaving = [], []
        for worker in list(self._workers.values()):
            messages, worker.outbox = worker.outbox, []
            channel = self._channels[worker.handle.key]
            for message in messages:
                if isinstance(message, TrainRun):
                    specs.append(self._ordered(channel, message))
                elif isinstance(message, Bye) and channel.under_way:
                    leaving.append(worker.handle)
                elif isinstance(message, Bye):
                    self._forget(worker)
        for handle in self._launcher.submit(specs) if specs else []:
            self._workers[handle.key].handle = handle
        self._launcher.cancel(leaving)

    def cancel(self, workers: Iterable[Worker], reason: str) -> None:
        """End the jobs of workers."""
        chosen = [worker for worker in workers if self._channels[worker.handle.key].under_way]
        super().cancel(chosen, reason)

    def overdue(self) -> list[Worker]:
        """None: a time limit does not begin before the job does, and the launcher keeps it."""
        return []

    def take_ended(self) -> list[tuple[Worker, JobStatus]]:
        """Those whose job is over and did not say how its run ended; they are forgotten.

        :raises KernelError: one after the other ended before it began; quotes what the last one wrote.
        """
        under_way = [channel.worker for channel in self._channels.values() if channel.under_way]
        states = self._launcher.poll([worker.handle for worker in under_way])
        ended = []
        for worker in under_way:
            channel, status = self._channels[worker.handle.key], states[worker.handle.key]
            if status.state not in OVER:
                continue
            channel.over = channel.over or (status, time.monotonic())
            if status.state == "timeout":
                worker.end_reason = worker.end_reason or _over_time(self.resources.time)
            if not channel.has_end() and not self._may_be_late(channel):
                ended.append((worker, status))
        for worker, status in ended:
            worker.was_heard = self._channels[worker.handle.key].has_begun()
            self._forget(worker)
            self._check_start(worker, status)
        return ended

    def _add(self, handle: JobHandle) -> JobChannel:
        worker = self._workers[handle.key] = Worker(handle)
        channel = self._channels[handle.key] = JobChannel(worker, self._folder / handle.key)
        return channel

    def _heard(self, channel: JobChannel) -> list[Received]:
        if not channel.under_way:
            return []
        messages = channel.read()
        for message in messages:
            self._stillborn = 0
            if isinstance(message, Ended):
                channel.under_way, channel.worker.leaves = False, True
        return [Received(channel, message) for message in messages]

    def _ordered(self, channel: JobChannel, order: TrainRun) -> JobSpec:
        key = channel.worker.handle.key
        folder, channel.under_way = self._folder / key, True
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / JOB_FILE, encode(order).decode())
        return JobSpec(
            key=key,
            argv=(sys.executable, "-m", "mlkernel.study.worker", "--job", str(folder / JOB_FILE)),
            directory=folder,
            working_directory=self._directory,
            resources=self.resources,  # a job is one run: the launcher keeps the time limit, too
            grace=GRACE_SECONDS,
            forkable=True,
        )

    def _forget(self, worker: Worker) -> None:
        """Let go of a job, all that it said being written down."""
        del self._workers[worker.handle.key]
        channel = self._channels.pop(worker.handle.key)
        channel.is_open = channel.under_way = False
        (self._folder / worker.handle.key / JOB_FILE).unlink(missing_ok=True)
        self._gone.append(channel)

    @staticmethod
    def _may_be_late(channel: JobChannel) -> bool:
        """Whether a job that ended by itself may still be heard of."""
        assert channel.over is not None, "it is over"
        status, seen = channel.over
        return status.exit_code is not None and time.monotonic() < seen + LATE_SECONDS


def _over_time(limit: float | None) -> str:
    return "it ran longer than its limit" + ("" if limit is None else f" of {limit:g} s")
