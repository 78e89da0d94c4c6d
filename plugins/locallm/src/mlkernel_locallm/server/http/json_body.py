"""The JSON body of a request."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from starlette.requests import Request

from mlkernel_locallm.server.http.api_error import ApiError, invalid


async def read_json(request: Request) -> dict[str, Any]:
    """The object that the body holds; an empty body is an empty object."""
    body = await request.body()
    if not body:
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ApiError(
            400, f"We could not parse the JSON body of your request: {error}", code="invalid_json"
        ) from None
    if not isinstance(value, dict):
        raise invalid("the body must be a JSON object", None, "invalid_type")
    return value


def fingerprint_of(body: object) -> str:
    """The same for bodies that mean the same, however they are written."""
    return sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
