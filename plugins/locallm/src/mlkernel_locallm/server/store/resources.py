"""Everything that has an id: files, models, jobs, their events and checkpoints, batches."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from mlkernel_locallm.server.store.database import Database
from mlkernel_locallm.server.store.page import Listed, Page

Document = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    parent TEXT,
    document TEXT,
    UNIQUE (collection, id)
);
CREATE INDEX IF NOT EXISTS resources_of_parent ON resources (collection, parent, sequence);
"""
# The two orders are two statements, since SQL takes no parameter for a direction.
_PAGE = """
SELECT document FROM resources
WHERE collection = :collection AND document IS NOT NULL AND {beyond}
    AND (:parent IS NULL OR parent = :parent)
    AND NOT EXISTS (
        SELECT 1 FROM json_each(:match) AS wanted WHERE wanted.value IS NOT (
            SELECT value FROM json_each(document, :within) AS present WHERE present.key = wanted.key
        )
    )
ORDER BY sequence {order} LIMIT :limit
"""
_ASCENDING = _PAGE.format(beyond="sequence > :cursor", order="ASC")
_DESCENDING = _PAGE.format(beyond="sequence < :cursor", order="DESC")


class Resources:
    """One collection of JSON documents in the order in which they were made.

    A deleted resource leaves its place behind, so that a client which walks through a list and deletes what it has seen
    can go on from there.
    """

    def __init__(self, database: Database, collection: str) -> None:
        self._database = database
        self._collection = collection

    def add(self, document: Document, *, parent: str | None = None) -> Document:
        """Keep *document* under its ``id``; if there is one already, that one is returned unchanged."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO resources (collection, id, parent, document) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (collection, id) DO UPDATE SET document = excluded.document WHERE document IS NULL",
                (self._collection, document["id"], parent, json.dumps(document)),
            )
            return self._read(connection, document["id"]) or document

    def get(self, identifier: str) -> Document | None:
        """The document, or ``None`` if there is none or it was deleted."""
        with self._database.connection() as connection:
            return self._read(connection, identifier)

    def change(self, identifier: str, change: Callable[[Document], None]) -> Document:
        """Let *change* edit the document; nothing else changes it meanwhile.

        :raises KeyError: when there is none.
        """
        with self._database.transaction() as connection:
            document = self._read(connection, identifier)
            if document is None:
                raise KeyError(identifier)
            change(document)
            connection.execute(
                "UPDATE resources SET document = ? WHERE collection = ? AND id = ?",
                (json.dumps(document), self._collection, identifier),
            )
            return document

    def remove(self, identifier: str) -> None:
        """Delete the document."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE resources SET document = NULL WHERE collection = ? AND id = ?",
                (self._collection, identifier),
            )

    def all(self, *, parent: str | None = None) -> list[Document]:
        """Every document, oldest first."""
        return self.page(Page(limit=-1, newest_first=False, parent=parent)).documents

    def page(self, page: Page) -> Listed:
        """A part of the list.

        :raises KeyError: when ``page.after`` never was in the list.
        """
        with self._database.connection() as connection:
            values = {
                "collection": self._collection,
                "cursor": self._cursor(connection, page),
                "parent": page.parent,
                "within": page.within,
                "match": json.dumps(dict(page.match)),
                "limit": page.limit + 1 if page.limit >= 0 else -1,
            }
            rows = connection.execute(_DESCENDING if page.newest_first else _ASCENDING, values).fetchall()
        documents = [json.loads(document) for (document,) in rows]
        if page.limit < 0:
            return Listed(documents=documents, has_more=False)
        return Listed(documents=documents[: page.limit], has_more=len(documents) > page.limit)

    def _cursor(self, connection: sqlite3.Connection, page: Page) -> int:
        if page.after is None:
            return 2**63 - 1 if page.newest_first else 0
        row = connection.execute(
            "SELECT sequence FROM resources WHERE collection = ? AND id = ?", (self._collection, page.after)
        ).fetchone()
        if row is None:
            raise KeyError(page.after)
        return int(row[0])

    def _read(self, connection: sqlite3.Connection, identifier: str) -> Document | None:
        row = connection.execute(
            "SELECT document FROM resources WHERE collection = ? AND id = ?", (self._collection, identifier)
        ).fetchone()
        return None if row is None or row[0] is None else json.loads(row[0])
