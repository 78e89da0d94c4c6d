"""A part of a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import Factory, frozen


@frozen(kw_only=True)
class Page:
    """Which part is wanted."""

    limit: int
    after: str | None = None
    """The last resource that the client has seen; it may have been deleted since."""
    newest_first: bool = True
    parent: str | None = None
    """Only what belongs to this resource."""
    within: str = "$"
    """The JSON path of the object that *match* is compared with."""
    match: Mapping[str, str] = Factory(dict)
    """Fields that must have these values."""


@frozen(kw_only=True)
class Listed:
    """What was found."""

    documents: list[dict[str, Any]]
    has_more: bool
