"""What SQLite's errors mean for whoever runs a study."""

from __future__ import annotations

import sqlite3

from mlkernel.errors import StorageError

_PRIMARY = 0xFF
"""The low byte of an error code is its kind; the rest are details."""

_MEANINGS = {
    sqlite3.SQLITE_FULL: (
        "no room left to write {store}",
        "Nothing that was complete is lost. Make room and go on with kernel study resume.",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk refuses to read or write {store}: it is full or failing",
        "Nothing that was complete is lost. Make room, and go on with kernel study resume.",
    ),
    sqlite3.SQLITE_BUSY: (
        "{store} stays locked by another process",
        "See who has it open. Several machines need a PostgreSQL database: SQLite locks no files over a network.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "{store} is damaged: {error}",
        "Keep a copy; sqlite3's .recover saves what can be read.",
    ),
    sqlite3.SQLITE_NOTADB: ("{store} is no SQLite database", "Name another file, or move this one away."),
    sqlite3.SQLITE_READONLY: (
        "cannot write {store}: {error}",
        "Change the permissions of the file and its folder.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot open {store}: {error}",
        "The folder must exist and be writable; SQLite keeps a log beside the file.",
    ),
}


def storage_error(error: sqlite3.Error, store: str) -> StorageError:
    """What *error* means, for the file *store*."""
    kind = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    message, hint = _MEANINGS.get(kind, ("SQLite cannot use {store}: {error}", None))
    return StorageError(message.format(store=store, error=error), hint=hint)
