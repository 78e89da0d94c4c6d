"""The routes as one ASGI application."""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mlkernel import UsageError
from mlkernel_locallm.server.http.answer import json_answer
from mlkernel_locallm.server.http.api_error import ApiError, invalid
from mlkernel_locallm.server.http.gate import Gate
from mlkernel_locallm.server.routes import batches, chat, files, fine_tuning, graders, models
from mlkernel_locallm.server.service import Service

_MIB = 1 << 20
_log = logging.getLogger(__name__)


def make_application(service: Service) -> Gate:
    """The application. It needs no lifespan events: the service is at work already."""
    app = Starlette(
        routes=[
            *chat.routes,
            *models.routes,
            *files.routes,
            *fine_tuning.routes,
            *graders.routes,
            *batches.routes,
        ],
        exception_handlers={
            ApiError: _api_error,
            UsageError: _usage_error,
            HTTPException: _http_error,
            Exception: _unexpected,
        },
    )
    app.state.service = service
    config = service.config
    return Gate(
        app,
        limit=config.max_requests,
        largest=round(config.max_request_mb * _MIB),
        largest_file=round(config.max_file_mb * _MIB),
    )


async def _api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return json_answer(error.body(), error.status, error.headers)


async def _usage_error(request: Request, error: Exception) -> Response:
    return await _api_error(request, invalid(str(error)))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        message, code = f"Invalid URL ({request.method} {request.url.path})", "unknown_url"
    else:
        message, code = str(error.detail), None
    answer = ApiError(error.status_code, message, code=code, headers=error.headers)
    return json_answer(answer.body(), answer.status, answer.headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    answer = ApiError(500, "The server had an error while processing your request; its log tells which.")
    return json_answer(answer.body(), 500)
