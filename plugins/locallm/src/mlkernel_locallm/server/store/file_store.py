"""Uploaded files and results."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from mlkernel_locallm.server.http.api_error import missing
from mlkernel_locallm.server.store.database import Database
from mlkernel_locallm.server.store.identifier import new_identifier, now
from mlkernel_locallm.server.store.resources import Document, Resources

_UNFINISHED = ".unfinished-"


class FileStore:
    """Documents in the database, contents in a folder.

    A content is complete and on disk before its document is written, and the document is deleted before the content;
    so a process that dies in between leaves contents without a document at worst, and those are removed at the start.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self.documents = Resources(database, "files")
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        known = {document["id"] for document in self.documents.all()}
        for path in folder.iterdir():
            if path.name not in known:
                path.unlink()

    def add(self, content: BinaryIO, *, filename: str, purpose: str, key: str | None = None) -> Document:
        """Keep a copy of *content*.

        :param key: makes the file's name, so that adding it again adds nothing.
        """
        identifier = new_identifier("file-", key)
        with NamedTemporaryFile(dir=self._folder, prefix=_UNFINISHED, delete=False) as copy:
            while block := content.read(1 << 20):
                copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())
            size = copy.tell()
        Path(copy.name).replace(self._folder / identifier)
        self._sync_folder()
        return self.documents.add(
            {
                "id": identifier,
                "object": "file",
                "bytes": size,
                "created_at": now(),
                "filename": filename,
                "purpose": purpose,
                "status": "processed",
            }
        )

    def get(self, identifier: str, *, param: str = "file_id") -> Document:
        """The file's document.

        :raises ApiError: 404 when there is none.
        """
        document = self.documents.get(identifier)
        if document is None:
            raise missing("file", identifier, param)
        return document

    def path(self, identifier: str) -> Path:
        """Where the content lies."""
        return self._folder / identifier

    def lines(self, identifier: str) -> Iterator[tuple[int, bytes]]:
        """The lines that are not blank, each with its number from 1."""
        with self.path(identifier).open("rb") as content:
            for number, line in enumerate(content, start=1):
                if line.strip():
                    yield number, line

    def remove(self, identifier: str) -> None:
        """Delete the file."""
        self.documents.remove(identifier)
        self.path(identifier).unlink(missing_ok=True)

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
