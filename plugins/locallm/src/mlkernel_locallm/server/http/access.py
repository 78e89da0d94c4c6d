"""Who may ask, once the server listens on a socket."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from mlkernel_locallm.server.http.answer import json_answer
from mlkernel_locallm.server.http.api_error import ApiError

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Access:
    """Asks for the token (401), and refuses requests that name another host (403).

    The second check keeps web pages out: a page whose own name was made to point at this machine (DNS rebinding) still
    sends that name as ``Host`` or ``Origin``.

    :param hosts: names under which this server may be asked.
    """

    def __init__(self, app: ASGIApp, *, token: str, hosts: Iterable[str]) -> None:
        self._app = app
        self._credentials = f"Bearer {token}".encode()
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer it with an error."""
        if scope["type"] == "http":
            try:
                self._check(dict(scope["headers"]))
            except ApiError as error:
                await json_answer(error.body(), error.status, error.headers)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, headers: dict[bytes, bytes]) -> None:
        origin = headers.get(b"origin")
        if _host_of(b"//" + headers.get(b"host", b"")) not in self._hosts:
            raise _foreign("Host")
        if origin is not None and _host_of(origin) not in self._hosts:
            raise _foreign("Origin")
        given = headers.get(b"authorization", b"")
        if not compare_digest(given, self._credentials):
            raise ApiError(
                401,
                "Incorrect API key provided. The server told at its start where its token is kept."
                if given
                else "You didn't provide an API key: send it as 'Authorization: Bearer KEY'.",
                code="invalid_api_key",
                headers={"www-authenticate": "Bearer"},
            )


def _host_of(address: bytes) -> str:
    try:
        return (urlsplit(address.decode("latin-1")).hostname or "").lower()
    except ValueError:
        return ""


def _foreign(header: str) -> ApiError:
    return ApiError(
        403,
        f"the {header} of this request is not a name of this server; allowed_hosts adds names",
        code="wrong_host",
    )
