"""One batch at work."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from mlkernel_locallm.generation.prompt import Generation
from mlkernel_locallm.server.batches.batch_line import BatchLine, read_batch
from mlkernel_locallm.server.chat.chat_request import ChatRequest
from mlkernel_locallm.server.chat.completions import Completions
from mlkernel_locallm.server.http.api_error import ApiError, unsupported
from mlkernel_locallm.server.store.file_store import FileStore
from mlkernel_locallm.server.store.identifier import new_identifier, now
from mlkernel_locallm.server.store.resources import Document, Resources

_AT_ONCE = 128
"""Requests that wait for the model at the same time; others may come between two such groups."""


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The server is closed; the batch is run again at the next start."""


class BatchRun:
    """Answers all requests of a batch.

    :param is_closed: asked between groups of requests.
    """

    def __init__(
        self,
        documents: Resources,
        files: FileStore,
        completions: Completions,
        identifier: str,
        is_closed: Callable[[], bool],
    ) -> None:
        self._documents = documents
        self._files = files
        self._completions = completions
        self._id = identifier
        self._is_closed = is_closed
        self._answers: list[dict[str, Any]] = []
        self._errors: list[dict[str, Any]] = []

    def run(self) -> None:
        """Run to the end, or to where it was cancelled.

        :raises Stopped: when the server is closed.
        """
        batch = self._documents.get(self._id)
        assert batch is not None
        lines, errors = read_batch(self._files.lines(batch["input_file_id"]))
        if errors:
            self.fail(errors)
            return
        if not self._move("in_progress", request_counts=self._counts(len(lines))):
            self._finish(len(lines))
            return
        for start in range(0, len(lines), _AT_ONCE):
            if self._is_closed():
                raise Stopped
            self._answer(lines[start : start + _AT_ONCE])
            if not self._move(None, request_counts=self._counts(len(lines))):
                break
        self._finish(len(lines))

    def fail(self, errors: list[dict[str, Any]]) -> None:
        """End without a result."""
        self._documents.change(
            self._id,
            lambda batch: batch.update(
                status="failed", failed_at=now(), errors={"object": "list", "data": errors}
            ),
        )

    def _move(self, status: str | None, **changes: Any) -> bool:
        """Go on to *status*, unless the batch was cancelled."""

        def change(batch: Document) -> None:
            batch.update(changes)
            if status is not None and batch["status"] != "cancelling":
                batch.update({"status": status, f"{status}_at": batch[f"{status}_at"] or now()})

        return bool(self._documents.change(self._id, change)["status"] != "cancelling")

    def _counts(self, total: int) -> dict[str, int]:
        return {"total": total, "completed": len(self._answers), "failed": len(self._errors)}

    def _answer(self, lines: list[BatchLine]) -> None:
        asked = [(line, self._ask(line)) for line in lines]
        for line, question in asked:
            if isinstance(question, ApiError):
                self._errors.append(_result(self._id, line, question.status, question.body()))
                continue
            request, answered = question
            try:
                body = self._completions.document(request, answered.result())
                self._answers.append(_result(self._id, line, 200, body))
            except ApiError as error:
                self._errors.append(_result(self._id, line, error.status, error.body()))

    def _ask(self, line: BatchLine) -> ApiError | tuple[ChatRequest, Future[list[Generation]]]:
        try:
            request = self._completions.read(line.body)
            if request.stream:
                return unsupported("stream", "a batch answers into a file")
        except ApiError as error:
            return error
        return request, self._completions.ask(request)

    def _finish(self, total: int) -> None:
        self._move("finalizing")
        output = self._write("output", self._answers)
        errors = self._write("error", self._errors)

        def change(batch: Document) -> None:
            status = "cancelled" if batch["status"] == "cancelling" else "completed"
            batch.update(output_file_id=output, error_file_id=errors, request_counts=self._counts(total))
            batch.update({"status": status, f"{status}_at": now()})

        self._documents.change(self._id, change)

    def _write(self, what: str, lines: list[dict[str, Any]]) -> str | None:
        if not lines:
            return None
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
        name, key = f"{self._id}_{what}.jsonl", f"{what} of {self._id}"
        return str(self._files.add(io.BytesIO(content), filename=name, purpose="batch_output", key=key)["id"])


def _result(batch: str, line: BatchLine, status: int, body: dict[str, Any]) -> dict[str, Any]:
    name = f"{batch} {line.custom_id}"
    response = {"status_code": status, "request_id": new_identifier("req_", name), "body": body}
    return {
        "id": new_identifier("batch_req_", name),
        "custom_id": line.custom_id,
        "response": response,
        "error": None,
    }
