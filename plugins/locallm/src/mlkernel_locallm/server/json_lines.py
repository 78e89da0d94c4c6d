"""Files with one JSON object a line."""

from __future__ import annotations

import json
from typing import Any

from mlkernel_locallm.server.http.api_error import invalid


def read_line(number: int, line: bytes) -> dict[str, Any]:
    """The object in one line.

    :raises ApiError: 400, with the line's number, when there is none.
    """
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise invalid(
            f"Invalid file format. Line {number} is not JSON: {error}", "file", "invalid_file_format"
        ) from None
    if not isinstance(value, dict):
        raise invalid(
            f"Invalid file format. Line {number} is not a JSON object", "file", "invalid_file_format"
        )
    return value
