"""A line of a batch's input file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen

from mlkernel_locallm.server.http.api_error import ApiError, invalid
from mlkernel_locallm.server.http.fields import Fields
from mlkernel_locallm.server.json_lines import read_line

ENDPOINT = "/v1/chat/completions"
MAX_LINES = 50_000


@frozen(kw_only=True)
class BatchLine:
    """One request."""

    custom_id: str
    body: dict[str, Any]


def read_batch(lines: Iterable[tuple[int, bytes]]) -> tuple[list[BatchLine], list[dict[str, Any]]]:
    """The requests of a file, and what is wrong with it, in the words of the interface."""
    requests: dict[str, BatchLine] = {}
    errors = []
    for number, line in lines:
        try:
            request = _read_line(number, line)
            if request.custom_id in requests:
                raise invalid(
                    f"the custom_id {request.custom_id!r} was used before", "custom_id", "duplicate_custom_id"
                )
        except ApiError as error:
            errors.append(
                {"code": error.code, "line": number, "message": error.message, "param": error.param}
            )
        else:
            requests[request.custom_id] = request
    if len(requests) > MAX_LINES:
        message = f"the file has {len(requests)} requests, {MAX_LINES} are allowed"
        errors.append({"code": "too_many_requests", "line": None, "message": message, "param": None})
    return list(requests.values()), errors


def _read_line(number: int, line: bytes) -> BatchLine:
    fields = Fields(read_line(number, line))
    custom_id = fields.text("custom_id", longest=512)
    fields.choice("method", ("POST",))
    fields.choice("url", (ENDPOINT,))
    body = fields.require("body")
    if not isinstance(body, dict):
        raise invalid("'body' must be a JSON object", "body", "invalid_type")
    fields.finish()
    return BatchLine(custom_id=custom_id, body=body)
