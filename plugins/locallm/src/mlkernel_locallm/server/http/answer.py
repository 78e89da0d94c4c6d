"""JSON answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from mlkernel_locallm.server.store.page import Listed


def json_answer(
    content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with *content* as JSON."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, status, headers, "application/json")


def list_answer(listed: Listed) -> Response:
    """A part of a list."""
    documents = listed.documents
    return json_answer(
        {
            "object": "list",
            "data": documents,
            "first_id": documents[0]["id"] if documents else None,
            "last_id": documents[-1]["id"] if documents else None,
            "has_more": listed.has_more,
        }
    )
