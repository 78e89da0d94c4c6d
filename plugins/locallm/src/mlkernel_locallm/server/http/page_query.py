"""Which part of a list a request asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request

from mlkernel_locallm.server.http.api_error import invalid
from mlkernel_locallm.server.store.page import Listed, Page
from mlkernel_locallm.server.store.resources import Resources

_METADATA = re.compile(r"metadata\[(.*)\]", re.DOTALL)


def list_page(
    request: Request,
    resources: Resources,
    *,
    default: int = 20,
    most: int = 100,
    parent: str | None = None,
    match: Mapping[str, str] | None = None,
) -> Listed:
    """The part that ``limit``, ``after``, ``order`` and ``metadata[...]`` of the query ask for."""
    query = request.query_params
    order = query.get("order", "desc")
    if order not in {"asc", "desc"}:
        raise invalid(f"'order' must be asc or desc, not {order!r}", "order")
    labels = {found[1]: value for name, value in query.items() if (found := _METADATA.fullmatch(name))}
    page = Page(
        limit=_limit(query.get("limit"), default, most),
        after=query.get("after"),
        newest_first=order == "desc",
        parent=parent,
        within="$.metadata" if labels else "$",
        match=labels or match or {},
    )
    try:
        return resources.page(page)
    except KeyError:
        raise invalid(f"'after' names nothing in this list: {page.after!r}", "after") from None


def _limit(text: str | None, default: int, most: int) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise invalid(f"'limit' must be between 1 and {most}, not {text!r}", "limit")
    return int(text)
