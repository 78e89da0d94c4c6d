"""The worker's side of the connection, which outlives the driver it was opened to."""

from __future__ import annotations

import hmac
import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from mlkernel.errors import KernelError
from mlkernel.study.worker.connection import Connection
from mlkernel.study.worker.driver_endpoint import ENDPOINT_FILE, DriverEndpoint, read_endpoint
from mlkernel.study.worker.messages import Answer, Ended, Hello, Message, Reported, Welcome
from mlkernel.study.worker.stop_signal import StopSignal

PATIENCE = 60.0
"""Seconds that a worker looks for a new driver when the old one is gone."""
_LOOK_SECONDS = 0.1

RunNumbers = tuple[int, int]
"""Trial, and place of the run within it."""


class DriverGoneError(KernelError):
    """Nobody drives the study any more."""


class Link(Protocol):
    """Who tells a worker what to train, and hears of it."""

    def first(self) -> Answer:
        """The first thing to do."""

    def tell(self, report: Reported) -> None:
        """Send a report that nobody answers; it may get lost, and is given to :meth:`ask`, too."""

    def ask(self, message: Reported | Ended, unconfirmed: Sequence[Reported] = ()) -> Answer:
        """Send a message and wait for its answer, with which all that was sent before it has arrived.

        :param unconfirmed: what was told since the last answer.
        :raises DriverGoneError: there is nobody to answer.
        """


def _is_driver(greeting: Message, endpoint: DriverEndpoint) -> bool:
    return isinstance(greeting, Welcome) and hmac.compare_digest(greeting.proof, endpoint.proof)


class DriverLink:
    """Speaks with whoever drives the study, over as many connections as it takes.

    :param study: the folder of the study.
    :param key: of the launcher's job.
    :param patience: seconds without a driver after which it gives up.
    """

    def __init__(self, study: Path, key: str, stop_signal: StopSignal, patience: float = PATIENCE) -> None:
        self._study = study
        self._key = key
        self._stop_signal = stop_signal
        self._patience = patience
        self._connection: Connection | None = None
        self._alone_since: float | None = None
        """When the driver was last known to live, by ``time.monotonic``; ``None`` while it does."""

    def first(self) -> Answer:
        """Say hello and wait for work.

        :raises DriverGoneError: nobody gives any.
        """
        return self._exchange(None, (), running=None)

    def tell(self, report: Reported) -> None:
        """Send a report that nobody answers, if there is a driver."""
        if self._connection is not None:
            try:
                self._connection.send(report)
            except OSError:
                self.close()

    def ask(self, message: Reported | Ended, unconfirmed: Sequence[Reported] = ()) -> Answer:
        """Send a message and wait for its answer; all again, if need be, with the next driver.

        :raises DriverGoneError: there is none.
        """
        return self._exchange(message, unconfirmed, running=(message.trial, message.place))

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(
        self, message: Reported | Ended | None, unconfirmed: Sequence[Reported], running: RunNumbers | None
    ) -> Answer:
        while True:
            try:
                if self._connection is None:
                    self._connection = self._say_hello(running)
                    for report in unconfirmed:
                        self._connection.send(report)
                if message is not None:
                    self._connection.send(message)
                answer: Answer = self._connection.receive()  # type: ignore[assignment]  # a driver sends nothing else
            except OSError as error:
                self.close()
                self._wait_for_another(error)
            else:
                self._alone_since = None
                return answer

    def _say_hello(self, running: RunNumbers | None) -> Connection:
        endpoint = read_endpoint(self._study)
        if endpoint is None:
            raise ConnectionError(f"{self._study / ENDPOINT_FILE} names no driver")
        connection = Connection.open(endpoint)
        hello = Hello(
            token=endpoint.token, key=self._key, pid=os.getpid(), host=socket.gethostname(), running=running
        )
        try:
            # The port of a driver that died may be somebody else's now.
            if not _is_driver(connection.receive_within(self._patience), endpoint):
                raise ConnectionError(f"the port {endpoint.port} is no driver's any more")
            connection.send(hello)
        except OSError:
            connection.close()
            raise
        return connection

    def _wait_for_another(self, error: OSError) -> None:
        now = time.monotonic()
        self._alone_since = self._alone_since or now
        if self._stop_signal.reason is not None or now - self._alone_since >= self._patience:
            raise DriverGoneError(
                f"nobody drives the study {self._study.name} any more: {error}",
                hint=f"kernel study resume {self._study.name} goes on with it.",
            )
        time.sleep(_LOOK_SECONDS)
