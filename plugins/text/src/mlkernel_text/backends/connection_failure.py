"""Why there was no connection to a provider, in words that help."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

_PORTS = {"http": 80, "https": 443}


def connection_failure(error: BaseException) -> str:
    """Where the connection was to go and why it failed; nothing else of the request, whose headers hold the key.

    :param error: as the client raised it; its request and its causes are looked at.
    """
    place, causes = _place(error), list(_causes(error))
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return f"no such host as that of {place} ({cause.strerror})"
        if isinstance(cause, ssl.SSLError):
            return f"no TLS connection to {place} ({cause.reason or type(cause).__name__})"
        if isinstance(cause, ConnectionRefusedError):
            return f"{place} refuses connections: no server listens there"
    told = next(filter(None, map(str, reversed(causes))), type(causes[-1]).__name__)
    return f"the connection to {place} failed ({told})"


def _place(error: BaseException) -> str:
    try:
        url = error.request.url  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):  # the client raises the latter where it has no request
        return "the provider"
    return f"{url.host}:{url.port or _PORTS.get(url.scheme, '?')}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
