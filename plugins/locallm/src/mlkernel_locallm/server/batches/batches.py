"""Batches: made, run one after the other, cancelled."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from threading import Condition, Thread
from typing import Any

from mlkernel_locallm.server.batches.batch_line import ENDPOINT
from mlkernel_locallm.server.batches.batch_run import BatchRun, Stopped
from mlkernel_locallm.server.chat.completions import Completions
from mlkernel_locallm.server.http.api_error import ApiError, invalid, missing
from mlkernel_locallm.server.http.fields import Fields
from mlkernel_locallm.server.http.metadata import read_metadata
from mlkernel_locallm.server.store.database import Database
from mlkernel_locallm.server.store.file_store import FileStore
from mlkernel_locallm.server.store.identifier import new_identifier, now
from mlkernel_locallm.server.store.resources import Document, Resources

UNFINISHED = frozenset({"validating", "in_progress", "finalizing", "cancelling"})
_WINDOW = 24 * 3600
_log = logging.getLogger(__name__)


class Batches:
    """All batches. One thread runs them; a batch whose process dies is run again from its beginning."""

    def __init__(self, database: Database, files: FileStore, completions: Completions) -> None:
        self.documents = Resources(database, "batches")
        self._files = files
        self._completions = completions
        self._changed = Condition()
        self._closed = False
        self._thread = Thread(target=self._work, name="locallm-batches", daemon=True)
        self._thread.start()

    def get(self, identifier: str) -> Document:
        """The batch.

        :raises ApiError: 404 when there is none.
        """
        document = self.documents.get(identifier)
        if document is None:
            raise missing("batch", identifier, "batch_id")
        return document

    def unfinished(self) -> list[Document]:
        """Batches that have not ended, oldest first."""
        return [batch for batch in self.documents.all() if batch["status"] in UNFINISHED]

    def create(self, body: Mapping[str, Any], key: str | None) -> Document:
        """Make a batch, or find the one that was made for *key*.

        :raises ApiError: 400 for what is wrong with the request or its file.
        """
        fields = Fields(body)
        fields.choice("endpoint", (ENDPOINT,))
        fields.choice("completion_window", ("24h",))
        identifier, metadata = fields.text("input_file_id"), read_metadata(fields)
        fields.finish()
        file = self._files.documents.get(identifier)
        if file is None:
            raise invalid(f"'input_file_id': no such file: '{identifier}'", "input_file_id", "file_not_found")
        if file["purpose"] != "batch":
            raise invalid(
                f"'input_file_id': the purpose of {identifier} is {file['purpose']}, not batch",
                "input_file_id",
            )
        batch = self.documents.add(_document(new_identifier("batch_", key), identifier, metadata))
        with self._changed:
            self._changed.notify()
        return batch

    def cancel(self, identifier: str) -> Document:
        """End a batch after the requests that are being answered; their answers are kept.

        :raises ApiError: 404 when there is none, 400 when it has ended otherwise.
        """
        batch = self.get(identifier)
        if batch["status"] in {"cancelling", "cancelled"}:
            return batch

        def change(document: Document) -> None:
            if document["status"] not in UNFINISHED:
                status = document["status"]
                raise ApiError(
                    400, f"a batch that has {status} cannot be cancelled", code="invalid_batch_state"
                )
            document.update(status="cancelling", cancelling_at=now())

        return self.documents.change(identifier, change)

    def close(self) -> None:
        """Stop after the requests that are being answered."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while batch := self._take():
            run = BatchRun(self.documents, self._files, self._completions, batch["id"], lambda: self._closed)
            try:
                run.run()
            except Stopped:
                return
            except Exception as error:  # noqa: BLE001 - it becomes the end of the batch
                _log.exception("batch %s failed", batch["id"])
                run.fail([{"code": "server_error", "line": None, "message": repr(error), "param": None}])

    def _take(self) -> Document | None:
        with self._changed:
            while not self._closed:
                if waiting := self.unfinished():
                    return waiting[0]
                self._changed.wait()
            return None


def _document(identifier: str, file: str, metadata: Mapping[str, str] | None) -> Document:
    created = now()
    times = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
    return {
        "id": identifier,
        "object": "batch",
        "endpoint": ENDPOINT,
        "errors": None,
        "input_file_id": file,
        "completion_window": "24h",
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": created,
        "expires_at": created + _WINDOW,
        **{f"{name}_at": None for name in times},
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "metadata": None if metadata is None else dict(metadata),
    }
