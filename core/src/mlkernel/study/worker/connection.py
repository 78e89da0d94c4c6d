"""A connection between a worker and a driver: whole messages over a stream."""

from __future__ import annotations

import socket
from typing import Self

from mlkernel.study.worker.driver_endpoint import DriverEndpoint
from mlkernel.study.worker.messages import Message, ProtocolError, decode, encode

LONGEST_LINE = 64 * 2**20
"""Bytes; more than any configuration has, and less than a peer could fill the memory with."""
_CHUNK = 65_536


class Connection:
    """Sends and receives messages over a connected socket, which it owns.

    :param limit: of bytes in a line.
    """

    def __init__(self, peer: socket.socket, *, limit: int = LONGEST_LINE) -> None:
        self.limit = limit
        self._socket = peer
        self._unread = bytearray()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @classmethod
    def open(cls, endpoint: DriverEndpoint, timeout: float = 5.0) -> Self:
        """Connect to a driver.

        :param timeout: seconds until it must have answered the call; afterwards there is no limit.
        :raises OSError: nobody is there.
        """
        peer = socket.create_connection((endpoint.host, endpoint.port), timeout)
        peer.settimeout(None)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a machine that vanished says nothing
        return cls(peer)

    def fileno(self) -> int:
        """Of the socket, for selectors."""
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """Send it whole.

        :raises OSError: the other side is gone.
        """
        self._socket.sendall(encode(message))

    def receive(self) -> Message:
        """Wait for a message.

        :raises ConnectionError: the other side is gone.
        :raises ProtocolError: it says what is no message.
        """
        while (line := self._next_line()) is None:
            self._read()
        return decode(line)

    def receive_within(self, seconds: float) -> Message:
        """Wait for a message, but not for ever.

        :raises ConnectionError: the other side is gone, or says nothing that can be understood.
        :raises TimeoutError: it said nothing in time.
        """
        self._socket.settimeout(seconds)
        try:
            return self.receive()
        except ProtocolError as error:
            raise ConnectionError(error.message) from error
        finally:
            self._socket.settimeout(None)

    def receive_ready(self) -> list[Message]:
        """The messages that one read completes, perhaps none; waits only if nothing arrived.

        :raises ConnectionError: the other side is gone.
        :raises ProtocolError: it says what is no message.
        """
        self._read()
        *lines, self._unread = self._unread.split(b"\n")
        return [decode(line) for line in lines]

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()

    def _read(self) -> None:
        received = self._socket.recv(_CHUNK)
        if not received:
            raise ConnectionResetError("the other side closed the connection")
        self._unread += received
        if len(self._unread) > self.limit and b"\n" not in self._unread:
            raise ProtocolError(f"a line of more than {self.limit} bytes")

    def _next_line(self) -> bytes | None:
        end = self._unread.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return line
