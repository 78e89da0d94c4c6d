"""A socket to listen on, and the signals that end it."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

from mlkernel import UsageError


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens; clients that come before it is served wait.

    :raises UsageError: when the address cannot be had.
    """
    family = socket.AF_INET6 if _is_version_6(host) else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host} port {port}: {error.strerror or error}",
            hint="another server may be there: take another port, or port=0 for any that is free",
        ) from error


def address_of(listener: socket.socket) -> str:
    """Host and port as they are written in a URL."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextmanager
def signals_end_quietly() -> Iterator[None]:
    """Uvicorn raises the signal that ended it once more when it is done; here it has done its work by then."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_version_6(host: str) -> bool:
    try:
        return ip_address(host).version == 6
    except ValueError:
        return False
