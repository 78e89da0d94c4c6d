"""A driver of a few lines, on a real socket, for workers that are real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from mlkernel.study.worker.messages import Bye, Continue, Ended, Hello, Message, Reported, TrainRun
from mlkernel.study.worker.worker_server import WorkerServer

Decide = Callable[[Reported], Message | None]
"""The answer to a report, or ``None`` for silence."""
PATIENCE = 120.0
"""Seconds in which a worker says something, or ends when there is nothing more to do."""


class SmallDriver:
    """Gives the runs of a list to one worker, and remembers what it says."""

    def __init__(self, study: Path, decide: Decide = lambda report: Continue()) -> None:
        study.mkdir(exist_ok=True)
        self.study = study
        self.decide = decide
        self.hellos: list[Hello] = []
        self.reports: list[Reported] = []
        self.ends: list[Ended] = []
        self.server = WorkerServer()
        self.server.endpoint.write(study)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def drive(self, orders: Sequence[TrainRun], until: Callable[[], bool] | None = None) -> None:
        """Give out the *orders* and answer, until the worker hung up, or *until* says so."""
        waiting = list(orders)
        heard = time.monotonic()
        while time.monotonic() < heard + PATIENCE:
            for received in self.server.poll(0.05):
                heard = time.monotonic()
                if received.message is None:
                    return
                self._answer(received.channel, received.message, waiting)
            if until is not None and until():
                return
        raise AssertionError(f"the worker said nothing for {PATIENCE:g} s")

    def _answer(self, channel: Any, message: Message, waiting: list[TrainRun]) -> None:
        match message:
            case Hello(running=running):
                self.hellos.append(message)
                if running is None:
                    channel.send(waiting.pop(0) if waiting else Bye())
            case Reported():
                self.reports.append(message)
                if message.waits and (answer := self.decide(message)) is not None:
                    channel.send(answer)
            case Ended():
                if message.report is not None:
                    self.reports.append(message.report)
                self.ends.append(message)
                channel.send(waiting.pop(0) if waiting else Bye())

    @property
    def end(self) -> Ended:
        """How the last run ended."""
        return self.ends[-1]

    @property
    def values(self) -> list[float]:
        """The first objective of every report."""
        return [report.values[0] for report in self.reports]


@contextmanager
def start_worker(study: Path, *arguments: str, cwd: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A worker in a process of its own, which does not outlive the test."""
    command = [
        sys.executable,
        "-m",
        "mlkernel.study.worker",
        "--study",
        str(study),
        "--key",
        "job",
        *arguments,
    ]
    with subprocess.Popen(
        command, cwd=cwd, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as worker:
        try:
            yield worker
        finally:
            worker.kill()


def order(study: Path, name: str, /, *, trial: int = 0, **fields: Any) -> TrainRun:
    """An order to train what *name* says."""
    values: dict[str, Any] = {
        "objectives": [["loss", "min"]],
        "directory": str(study / "runs" / f"{trial:06d}-0"),
        "target": {"name": name},
        **fields,
    }
    return TrainRun(trial=trial, place=0, **values)


def train(study: Path, *orders: TrainRun, decide: Decide = lambda report: Continue()) -> SmallDriver:
    """Let one worker, whose current folder is *study*, train the *orders* one after the other."""
    with SmallDriver(study, decide) as driver, start_worker(study, cwd=study) as worker:
        driver.drive(orders)
        _, complaints = worker.communicate(timeout=PATIENCE)
        assert worker.returncode == 0, complaints
    return driver
