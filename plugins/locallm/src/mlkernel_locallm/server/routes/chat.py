"""``/v1/chat/completions``."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mlkernel_locallm.server.chat.chat_stream import ChatStream
from mlkernel_locallm.server.http.answer import json_answer
from mlkernel_locallm.server.http.json_body import fingerprint_of, read_json
from mlkernel_locallm.server.service import service_of

_EVENTS = "text/event-stream"


async def create(request: Request) -> Response:
    """Answer a chat. With an ``Idempotency-Key`` a stream is sent once it is complete, so that it can be repeated."""
    body = await read_json(request)
    service = service_of(request)

    async def make(key: str | None) -> Response:
        completions = service.completions
        chat = completions.read(body)
        if not chat.stream:
            return json_answer(await completions.complete(chat))
        events = ChatStream(completions, chat).events()
        if key is None:
            return StreamingResponse(events, media_type=_EVENTS, headers={"cache-control": "no-store"})
        return Response("".join([event async for event in events]), media_type=_EVENTS)

    if "idempotency-key" not in request.headers:
        return await make(None)
    return await service.idempotency.answer(request, fingerprint_of(body), make)


routes = [Route("/v1/chat/completions", create, methods=["POST"])]
