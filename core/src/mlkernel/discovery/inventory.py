"""Everything that is installed and what state it is in, told from the index alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from mlkernel.api_version import API_VERSION
from mlkernel.discovery.allow_and_block import PluginPolicy, entry_key
from mlkernel.discovery.entry_point_index import KIND_GROUP, EntryPointIndex
from mlkernel.discovery.entry_point_row import EntryPointRow
from mlkernel.errors import UnknownNameError


class InventoryRow(NamedTuple):
    """One line of ``kernel plugin list``."""

    kind: str
    name: str
    distribution: str
    version: str
    state: str
    """``ok``; ``blocked``; ``conflict``: another distribution claims the name, too; ``incompatible``: made for another
    major version of mlkernel's contracts; ``unknown kind``: what declares its kind is not installed."""
    summary: str
    entry_point: EntryPointRow

    @property
    def spellings(self) -> tuple[str, ...]:
        """Everything by which it can be selected."""
        return (
            self.name,
            f"{self.kind}:{self.name}",
            entry_key(self.distribution),
            f"{entry_key(self.distribution)}:{self.name}",
        )


def inventory(index: EntryPointIndex, policy: PluginPolicy) -> list[InventoryRow]:
    """Return every declared component and kind, ordered by kind, name and distribution."""
    kind_of = {row.group: row.name for row in index.kinds()} | {KIND_GROUP: "kind"}
    rows = []
    permitted: Counter[tuple[str, str]] = Counter()
    for entry in index.rows():
        kind = kind_of.get(entry.group, entry.group)
        state = _state(kind, entry, policy, known=entry.group in kind_of)
        permitted[kind, entry.name] += state != "blocked"
        rows.append(
            InventoryRow(
                kind, entry.name, entry.distribution, entry.version, state, entry.summary or "", entry
            )
        )
    return [
        _with_conflict(row, permitted[row.kind, row.name]) for row in sorted(rows, key=lambda row: row[:3])
    ]


def usable_names(rows: Iterable[InventoryRow], kind: str) -> list[str]:
    """Names of the components of *kind*; of those that several distributions claim, the unambiguous spelling."""
    usable = [row for row in rows if row.kind == kind and row.state in ("ok", "conflict")]
    return [row.name if row.state == "ok" else row.entry_point.reference for row in usable]


def select(rows: list[InventoryRow], text: str) -> list[InventoryRow]:
    """Return the rows that *text* means: a name, ``kind:name``, a distribution, or ``distribution:name``.

    :raises UnknownNameError: when there is none.
    """
    place, colon, name = text.rpartition(":")
    wanted = {text, entry_key(text), f"{entry_key(place)}{colon}{name}"}
    selected = [row for row in rows if not wanted.isdisjoint(row.spellings)]
    if selected:
        return selected
    from difflib import get_close_matches

    close = get_close_matches(text, [spelling for row in rows for spelling in row.spellings], n=1)
    suggestion = f"; did you mean {close[0]!r}?" if close else ""
    raise UnknownNameError(
        f"no plugin and no component is called {text!r}{suggestion}",
        hint="kernel plugin list shows all that are installed.",
    )


def _state(kind: str, entry: EntryPointRow, policy: PluginPolicy, *, known: bool) -> str:
    if policy.reason_against(kind, entry) is not None:
        return "blocked"
    if entry.api is not None and entry.api[0] != API_VERSION[0]:
        return "incompatible"
    return "ok" if known else "unknown kind"


def _with_conflict(row: InventoryRow, claimants: int) -> InventoryRow:
    """Listeners are never chosen by name: two of one name do not stand in each other's way."""
    conflict = claimants > 1 and row.state == "ok" and row.kind != "listener"
    return row._replace(state="conflict") if conflict else row
