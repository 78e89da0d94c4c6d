"""What a plugin provides so that the arrays of its library can be part of a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol


class StateCodec(Protocol):
    """Stores and copies the leaves whose type is defined in one library."""

    name: str
    """The library's top-level module, such as ``"torch"``; files begin with it."""

    def save(self, leaves: Mapping[str, Any], directory: Path) -> None:
        """Write *leaves* into *directory*, without pickle."""

    def load(self, directory: Path) -> dict[str, Any]:
        """Read what :meth:`save` wrote: equal values, types, shapes and dtypes, by the same names."""

    def copy(self, leaf: Any) -> Any:
        """A copy of *leaf* that later training cannot change."""


FindCodec = Callable[[str], StateCodec | None]
"""Gives the codec for a top-level module, or ``None`` when none is installed."""
