"""The index of everything that plugins declare, available without importing any of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mlkernel.discovery import index_cache
from mlkernel.discovery.entry_point_row import EntryPointRow
from mlkernel.discovery.search_path import search_path

__all__ = ["EntryPointIndex", "EntryPointRow", "KindRow", "read_index"]

KIND_GROUP = "mlkernel.kinds"


class KindRow(NamedTuple):
    """A kind of component that some installed distribution declares."""

    name: str
    group: str
    summary: str | None
    distribution: str


class EntryPointIndex:
    """All entry points of groups ``mlkernel.*``, ordered by group, name and distribution."""

    def __init__(self, rows: Iterable[EntryPointRow]) -> None:
        self._rows = list(rows)

    def rows(self, group: str | None = None) -> list[EntryPointRow]:
        """Return the entry points of *group*, or all."""
        return [row for row in self._rows if group in (None, row.group)]

    def groups(self) -> list[str]:
        """Return the names of all groups that have an entry."""
        return sorted({row.group for row in self._rows})

    def kinds(self) -> list[KindRow]:
        """Return the declared kinds of component, ordered by name."""
        return [
            KindRow(row.name, f"mlkernel.{row.plural or row.name + 's'}", row.summary, row.distribution)
            for row in self.rows(KIND_GROUP)
        ]

    def distributions(self) -> dict[str, str]:
        """Return name and version of every distribution that declares something, ordered by name."""
        return dict(sorted({row.distribution: row.version for row in self._rows}.items()))


def read_index() -> EntryPointIndex:
    """Return the index of this environment.

    It comes from a file when one is there and still true, which takes one ``stat`` per folder of the search path. The
    distributions themselves are read only when something was installed or removed since.
    """
    folders = search_path()
    rows = index_cache.load(folders)
    if rows is None:
        from mlkernel.discovery.entry_point_scan import scan

        rows, files = scan(folders)
        index_cache.store(folders, rows, files)
    return EntryPointIndex(rows)
