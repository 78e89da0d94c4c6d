"""``/v1/models``: the base model and what was tuned from it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlkernel_locallm.server.http.answer import json_answer
from mlkernel_locallm.server.http.api_error import ApiError, conflict
from mlkernel_locallm.server.service import service_of


async def index(request: Request) -> Response:
    """List all models."""
    return json_answer({"object": "list", "data": service_of(request).models.documents()})


async def retrieve(request: Request) -> Response:
    """Tell of one model."""
    return json_answer(service_of(request).models.get(request.path_params["model"]))


async def delete(request: Request) -> Response:
    """Delete a tuned model that no unfinished job starts from."""
    service = service_of(request)
    identifier = service.models.get(request.path_params["model"])["id"]
    if service.models.is_base(identifier):
        raise ApiError(
            403, f"'{identifier}' was not tuned here and cannot be deleted", param="model", code="not_tuned"
        )
    user = service.user_of_model(identifier)
    if user is not None:
        raise conflict(
            f"{user} needs the model {identifier}; cancel it, or wait until it has ended", "model_in_use"
        )
    service.models.remove(identifier)
    return json_answer({"id": identifier, "object": "model", "deleted": True})


routes = [
    Route("/v1/models", index, methods=["GET"]),
    Route("/v1/models/{model:path}", retrieve, methods=["GET"]),
    Route("/v1/models/{model:path}", delete, methods=["DELETE"]),
]
