"""What every request passes first: room for one more, a limit on its size, and a name for it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlkernel_locallm.server.http.answer import json_answer
from mlkernel_locallm.server.http.api_error import ApiError
from mlkernel_locallm.server.store.identifier import new_identifier

_FILES = "/v1/files"


class Gate:
    """Turns away what is too much (429) or too large (413).

    :param limit: requests in progress at once.
    :param largest: size of a body in bytes.
    :param largest_file: size of an uploaded file in bytes.
    """

    def __init__(self, app: ASGIApp, *, limit: int, largest: int, largest_file: int) -> None:
        self._app = app
        self._limit = limit
        self._largest = largest
        self._largest_file = largest_file
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer it with an error."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = _with_request_id(send)
        largest = self._largest_file + 65536 if scope["path"] == _FILES else self._largest
        try:
            if self._inside >= self._limit:
                raise _busy(self._limit)
            _check_length(scope, largest)
        except ApiError as error:
            await json_answer(error.body(), error.status, error.headers)(scope, receive, named)
            return
        self._inside += 1
        try:
            await self._app(scope, _limited(receive, largest), named)
        finally:
            self._inside -= 1


def _busy(limit: int) -> ApiError:
    return ApiError(
        429,
        f"{limit} requests are in progress, which is the limit; try again in a second",
        code="rate_limit_exceeded",
        headers={"retry-after": "1"},
    )


def _too_large(largest: int) -> ApiError:
    return ApiError(
        413, f"the body has more than {largest} bytes, which is the limit", code="request_too_large"
    )


def _check_length(scope: Scope, largest: int) -> None:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > largest:
            raise _too_large(largest)


def _limited(receive: Receive, largest: int) -> Receive:
    """Count what arrives, for bodies that do not tell their length."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > largest:
            raise _too_large(largest)
        return message

    return counted


def _with_request_id(send: Send) -> Send:
    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"x-request-id", new_identifier("req_").encode())]
        await send(message)

    return named
