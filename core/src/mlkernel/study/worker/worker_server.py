"""The driver's side of the connections: who may connect, and what arrived, without ever waiting for one worker."""

from __future__ import annotations

import hmac
import secrets
import selectors
import socket
import struct
import time
from types import TracebackType
from typing import Protocol, Self

from attrs import frozen

from mlkernel.study.worker.connection import LONGEST_LINE, Connection
from mlkernel.study.worker.driver_endpoint import DriverEndpoint
from mlkernel.study.worker.messages import Hello, Message, ProtocolError, Welcome

HELLO_SECONDS = 10.0
"""Who has not said hello by then is sent away."""
_LONGEST_HELLO = 4096
_SEND_SECONDS = 5
"""A worker waits for each answer; one that does not take it for so long is taken for dead."""


class Channel(Protocol):
    """By which a worker is spoken to."""

    @property
    def hello(self) -> Hello:
        """Who it is, and which run it has under way."""

    def send(self, message: Message) -> bool:
        """Say something; ``False`` if it is certain that nobody hears it."""


class WorkerChannel:
    """The connection to one worker, which said hello with the right token."""

    def __init__(self, connection: Connection, hello: Hello) -> None:
        self.hello = hello
        """Who it is, and which run it has under way."""
        self._connection = connection
        self.is_open = True

    def send(self, message: Message) -> bool:
        """Send it; ``False`` if the worker is gone, which :meth:`WorkerServer.poll` will tell, too."""
        try:
            self._connection.send(message)
        except OSError:
            return False
        return True


@frozen
class Received:
    """What arrived from a worker."""

    channel: Channel
    message: Message | None
    """Its hello first; ``None`` when the connection is closed, which is the last."""


class WorkerServer:
    """Listens on a port of its own; a context manager.

    :param host: the address to listen on; workers on other machines need one that they can reach.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._listener = socket.create_server((host, 0))
        self._listener.setblocking(False)
        self.endpoint = DriverEndpoint(
            host=host, port=self._listener.getsockname()[1], token=secrets.token_hex(32)
        )
        """For :meth:`~mlkernel.study.worker.driver_endpoint.DriverEndpoint.write`."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._strangers: dict[Connection, float] = {}
        """Those who have not said hello, and when they came."""
        self._channels: dict[Connection, WorkerChannel] = {}

    def __enter__(self) -> Self:
        """Listen."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def poll(self, timeout: float | None) -> list[Received]:
        """Everything that arrived.

        :param timeout: seconds to wait for the first of it; ``None`` for ever.
        """
        if self._strangers:
            self._send_away_the_silent()
        received: list[Received] = []
        for key, _ in self._selector.select(timeout):
            if key.fileobj is self._listener:
                self._accept()
            else:
                connection: Connection = key.data
                received += self._read(connection)
        return received

    def close(self) -> None:
        """Close all connections and the port."""
        for connection in [*self._strangers, *self._channels]:
            self._drop(connection)
        self._selector.close()
        self._listener.close()

    def _accept(self) -> None:
        try:
            peer, _ = self._listener.accept()
        except OSError:  # it went away again
            return
        # Kept by the system: with a time-out of its own, Python would ask whether it can send before it does.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_SECONDS, 0))
        peer.setblocking(True)
        connection = Connection(peer, limit=_LONGEST_HELLO)
        try:
            connection.send(Welcome(proof=self.endpoint.proof))
        except OSError:
            connection.close()
            return
        self._strangers[connection] = time.monotonic()
        self._selector.register(connection, selectors.EVENT_READ, connection)

    def _read(self, connection: Connection) -> list[Received]:
        try:
            messages = connection.receive_ready()
        except (OSError, ProtocolError):
            return self._drop(connection)
        received: list[Received] = []
        for message in messages:
            channel = self._channels.get(connection) or self._admit(connection, message)
            if channel is None:
                return self._drop(connection)
            received.append(Received(channel, message))
        return received

    def _admit(self, connection: Connection, message: Message) -> WorkerChannel | None:
        """The channel of a worker whose first message is a hello with the token."""
        if not isinstance(message, Hello) or not self._is_right(message.token):
            return None
        del self._strangers[connection]
        connection.limit = LONGEST_LINE
        channel = self._channels[connection] = WorkerChannel(connection, message)
        return channel

    def _is_right(self, token: str) -> bool:
        return hmac.compare_digest(str(token).encode(), self.endpoint.token.encode())

    def _drop(self, connection: Connection) -> list[Received]:
        self._strangers.pop(connection, None)
        channel = self._channels.pop(connection, None)
        self._selector.unregister(connection)
        connection.close()
        if channel is None:
            return []
        channel.is_open = False
        return [Received(channel, None)]

    def _send_away_the_silent(self) -> None:
        now = time.monotonic()
        for connection, since in list(self._strangers.items()):
            if now - since > HELLO_SECONDS:
                self._drop(connection)
