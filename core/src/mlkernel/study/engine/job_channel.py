"""What a job writes into its folder, read as if it were said over a connection."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from mlkernel.launcher.launcher import JobStatus
from mlkernel.study.engine.worker_pool import Worker
from mlkernel.study.worker.job_link import END_FILE, JOB_FILE, REPORTS_FILE
from mlkernel.study.worker.messages import Ended, Hello, Message, TrainRun, decode


class JobChannel:
    """The files of one job.

    :param worker: as whom the driver knows it.
    """

    def __init__(self, worker: Worker, folder: Path) -> None:
        self.worker, self._folder = worker, folder
        self.is_open = True
        self.under_way = False
        """Whether it was ordered, and its end was not read."""
        self.over: tuple[JobStatus, float] | None = None
        """How the job ended, and when that was seen, by the monotonic clock."""
        self._read = 0

    @property
    def hello(self) -> Hello:
        """Who it is; with its run, if it has one that an earlier driver had ordered."""
        running = self._ordered() if self.worker.run is not None else None
        key = self.worker.handle.key
        return Hello(token="", key=key, pid=os.getpid(), host=socket.gethostname(), running=running)

    def send(self, message: Message) -> bool:
        """Nobody hears it."""
        del message
        return False

    def read(self) -> list[Message]:
        """Reports since the last time, and the end, if the job has written it and is not about to be ended for a fault.

        A job that was told to go says so, and not why; whether it was over a limit, only the launcher knows.
        """
        end = self._end()
        messages = self._reports()
        if end is not None and (end.state != "paused" or end.error is None or self.over is not None):
            messages.append(end)
        return messages

    def has_begun(self) -> bool:
        """Whether the job came as far as to read its order."""
        return (self._folder / REPORTS_FILE).exists()

    def has_end(self) -> bool:
        """Whether the job has said how its run ended."""
        return (self._folder / END_FILE).exists()

    def _end(self) -> Ended | None:
        message = decode((self._folder / END_FILE).read_bytes()) if self.has_end() else None
        return message if isinstance(message, Ended) else None

    def _reports(self) -> list[Message]:
        """Those in whole lines: the last one may be under way."""
        try:
            with (self._folder / REPORTS_FILE).open("rb") as file:
                file.seek(self._read)
                lines = file.read()
        except FileNotFoundError:
            return []
        whole = lines[: lines.rfind(b"\n") + 1]
        self._read += len(whole)
        return [decode(line) for line in whole.splitlines()]

    def _ordered(self) -> tuple[int, int] | None:
        order = decode((self._folder / JOB_FILE).read_bytes())
        return (order.trial, order.place) if isinstance(order, TrainRun) else None
