"""``/v1/batches``."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlkernel_locallm.server.http.answer import json_answer, list_answer
from mlkernel_locallm.server.http.json_body import fingerprint_of, read_json
from mlkernel_locallm.server.http.page_query import list_page
from mlkernel_locallm.server.service import service_of


async def create(request: Request) -> Response:
    """Create a batch."""
    body = await read_json(request)
    service = service_of(request)

    async def make(key: str | None) -> Response:
        return json_answer(service.batches.create(body, key))

    return await service.idempotency.answer(request, fingerprint_of(body), make)


async def index(request: Request) -> Response:
    """List batches, newest first."""
    return list_answer(list_page(request, service_of(request).batches.documents))


async def retrieve(request: Request) -> Response:
    """Tell of one batch."""
    return json_answer(service_of(request).batches.get(request.path_params["batch"]))


async def cancel(request: Request) -> Response:
    """Cancel a batch."""
    service = service_of(request)

    async def make(key: str | None) -> Response:
        return json_answer(service.batches.cancel(request.path_params["batch"]))

    return await service.idempotency.answer(request, fingerprint_of(await read_json(request)), make)


routes = [
    Route("/v1/batches", create, methods=["POST"]),
    Route("/v1/batches", index, methods=["GET"]),
    Route("/v1/batches/{batch}", retrieve, methods=["GET"]),
    Route("/v1/batches/{batch}/cancel", cancel, methods=["POST"]),
]
