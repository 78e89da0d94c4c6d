"""``/v1/files``: training files, batches, and their results."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from mlkernel_locallm.server.http.answer import json_answer, list_answer
from mlkernel_locallm.server.http.api_error import ApiError, conflict, invalid, unsupported
from mlkernel_locallm.server.http.fields import Fields
from mlkernel_locallm.server.http.page_query import list_page
from mlkernel_locallm.server.json_lines import read_line
from mlkernel_locallm.server.service import Service, service_of

PURPOSES = frozenset({"fine-tune", "batch"})
"""What files are uploaded for; ``fine-tune-results`` and ``batch_output`` are made here."""
_MOST = 10_000


async def create(request: Request) -> Response:
    """Upload a file: a form with the fields ``file`` and ``purpose``."""
    service = service_of(request)
    async with request.form(max_files=1, max_fields=8) as form:
        uploaded = form.get("file")
        if not isinstance(uploaded, UploadFile):
            raise ApiError(
                400,
                "Missing required parameter: 'file', a part of a multipart/form-data body with a file name.",
                param="file",
                code="missing_required_parameter",
            )
        if any(name.startswith("expires_after") for name in form):
            raise unsupported("expires_after", "files are kept until they are deleted")
        purpose = Fields({"purpose": form.get("purpose")}).choice("purpose", PURPOSES)
        digest = await run_in_threadpool(_digest, uploaded.file)
        filename = uploaded.filename or "upload"

        async def make(key: str | None) -> Response:
            add = partial(_checked, service, uploaded.file, filename=filename, purpose=purpose, key=key)
            return json_answer(await run_in_threadpool(add))

        return await service.idempotency.answer(request, f"{purpose} {filename} {digest}", make)


def _digest(content: BinaryIO) -> str:
    digest = sha256()
    while block := content.read(1 << 20):
        digest.update(block)
    content.seek(0)
    return digest.hexdigest()


def _checked(
    service: Service, content: BinaryIO, *, filename: str, purpose: str, key: str | None
) -> dict[str, object]:
    rows = 0
    for number, line in enumerate(content, start=1):
        if line.strip():
            read_line(number, line)
            rows += 1
    if rows == 0:
        raise invalid("Invalid file format: the file holds no line", "file", "invalid_file_format")
    content.seek(0)
    return service.files.add(content, filename=filename, purpose=purpose, key=key)


async def index(request: Request) -> Response:
    """List files."""
    purpose = request.query_params.get("purpose")
    match = {} if purpose is None else {"purpose": purpose}
    files = service_of(request).files.documents
    return list_answer(list_page(request, files, default=_MOST, most=_MOST, match=match))


async def retrieve(request: Request) -> Response:
    """Tell of one file."""
    return json_answer(service_of(request).files.get(request.path_params["file"]))


async def content(request: Request) -> Response:
    """Send a file's content."""
    files = service_of(request).files
    document = files.get(request.path_params["file"])
    return FileResponse(files.path(document["id"]), media_type="application/octet-stream")


async def delete(request: Request) -> Response:
    """Delete a file that no unfinished job or batch needs."""
    service = service_of(request)
    identifier = service.files.get(request.path_params["file"])["id"]
    user = service.user_of_file(identifier)
    if user is not None:
        raise conflict(
            f"{user} needs the file {identifier}; cancel it, or wait until it has ended", "file_in_use"
        )
    service.files.remove(identifier)
    return json_answer({"id": identifier, "object": "file", "deleted": True})


routes = [
    Route("/v1/files", create, methods=["POST"]),
    Route("/v1/files", index, methods=["GET"]),
    Route("/v1/files/{file}", retrieve, methods=["GET"]),
    Route("/v1/files/{file}", delete, methods=["DELETE"]),
    Route("/v1/files/{file}/content", content, methods=["GET"]),
]
