"""The index on disk, and how it is known to be still true.

It holds as long as no folder of the search path and none of the source files it was read from has another
modification time: installing, upgrading and removing a package all change the folder that they write to. A cache that
is missing, damaged or cannot be written is no error; the index is then made anew each time.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from mlkernel.discovery.entry_point_row import EntryPointRow

_FORMAT = 1
_SETTLED_AFTER_SECONDS = 2.0
"""File systems count modification times in steps of up to two seconds. What changed within the last step may change
again without showing it, so an index of it is not kept."""


def load(search_path: Sequence[str]) -> list[EntryPointRow] | None:
    """Return the rows that were stored for *search_path*, or ``None`` when they no longer hold."""
    try:
        file = _file(search_path)
        kept_path, stamps, rows = _read(file, file.stat().st_mtime_ns)
        if kept_path != list(search_path) or any(_stamp(path) != stamp for path, stamp in stamps.items()):
            return None
        return list(rows)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


@lru_cache(maxsize=1)
def _read(file: Path, _modified: int) -> tuple[list[str], dict[str, int], list[EntryPointRow]]:
    """What *file* held when it was last modified: a process asks for it dozens of times."""
    content = json.loads(file.read_bytes())
    if content["format"] != _FORMAT:
        raise ValueError(f"format {content['format']}")
    return content["search_path"], content["stamps"], [_row(values) for values in content["rows"]]


def store(search_path: Sequence[str], rows: Sequence[EntryPointRow], files: Iterable[str]) -> None:
    """Keep *rows*, read from *search_path* and the source *files*; silently not, where that is impossible."""
    stamps = {path: _stamp(path) for path in (*search_path, *files)}
    if max(stamps.values(), default=0) > time.time_ns() - _SETTLED_AFTER_SECONDS * 1e9:
        return
    content = {"format": _FORMAT, "search_path": list(search_path), "stamps": stamps, "rows": rows}
    file = _file(search_path)
    aside = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside.write_text(json.dumps(content), encoding="utf-8")
        aside.replace(file)
    except OSError:
        return


def folder() -> Path:
    """Return ``$MLKERNEL_CACHE``, or ``mlkernel`` in the user's folder for caches (XDG base directories)."""
    if own := os.environ.get("MLKERNEL_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlkernel"


def _file(search_path: Sequence[str]) -> Path:
    """Each environment has a file of its own; two that share a checksum only displace each other."""
    checksum = zlib.crc32("\0".join(search_path).encode())
    return folder() / f"entry-points-{checksum:08x}.json"


def _stamp(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0


def _row(values: list[Any]) -> EntryPointRow:
    row = EntryPointRow(*values)
    return row._replace(
        api=None if row.api is None else (row.api[0], row.api[1]),
        needs=None if row.needs is None else tuple(row.needs),
    )
