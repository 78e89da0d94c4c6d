"""Failures that are told to the client, in the words of OpenAI's interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class ApiError(Exception):
    """A request that is answered with an error.

    :param status: of the HTTP answer.
    :param message: what was wrong, where, and what to do.
    :param param: the field of the request that is to blame.
    :param code: a word that programs compare with, such as ``context_length_exceeded``.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The answer's content."""
        kind = "server_error" if self.status >= 500 else _TYPES.get(self.status, "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}


def invalid(message: str, param: str | None = None, code: str | None = "invalid_value") -> ApiError:
    """The request is wrong (400)."""
    return ApiError(400, message, param=param, code=code)


def unsupported(param: str, what: str) -> ApiError:
    """The request asks for something that this server does not do (400)."""
    return ApiError(400, f"'{param}' is not supported: {what}", param=param, code="unsupported_parameter")


def missing(what: str, identifier: str, param: str = "id") -> ApiError:
    """There is no such resource (404)."""
    return ApiError(
        404, f"No such {what}: '{identifier}'", param=param, code=f"{what.replace(' ', '_')}_not_found"
    )


def conflict(message: str, code: str = "conflict") -> ApiError:
    """The resource is in a state that forbids what was asked (409)."""
    return ApiError(409, message, code=code)
