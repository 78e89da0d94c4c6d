"""JSON as it is written many times a second."""

from __future__ import annotations

import json
from typing import Any

import orjson


def json_bytes(value: Any) -> bytes:
    """*value* as JSON in one line; numbers that are none, and infinite ones, become ``null``.

    :raises TypeError: it holds what JSON cannot.
    """
    try:
        return orjson.dumps(value)
    except TypeError:  # integers of more than 64 bits, and lone surrogates
        return json.dumps(value, separators=(",", ":")).encode()
