"""Labels that a client attaches to a job or a batch."""

from __future__ import annotations

from collections.abc import Mapping

from mlkernel_locallm.server.http.api_error import invalid
from mlkernel_locallm.server.http.fields import Fields

MAX_PAIRS = 16
MAX_KEY = 64
MAX_VALUE = 512


def read_metadata(fields: Fields) -> dict[str, str] | None:
    """The field ``metadata``: at most 16 pairs of strings, keys up to 64 characters, values up to 512."""
    pairs = fields.get("metadata")
    if pairs is None:
        return None
    if not isinstance(pairs, Mapping) or len(pairs) > MAX_PAIRS:
        raise invalid(f"'metadata' must be an object with at most {MAX_PAIRS} pairs", "metadata")
    for key, value in pairs.items():
        if not isinstance(value, str) or len(value) > MAX_VALUE or len(key) > MAX_KEY:
            raise invalid(
                f"'metadata.{key[:MAX_KEY]}': keys have at most {MAX_KEY} characters, "
                f"values are strings of at most {MAX_VALUE}",
                f"metadata.{key[:MAX_KEY]}",
            )
    return dict(pairs)
