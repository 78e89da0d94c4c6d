"""``/v1/fine_tuning/jobs``."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlkernel_locallm.server.http.answer import json_answer, list_answer
from mlkernel_locallm.server.http.json_body import fingerprint_of, read_json
from mlkernel_locallm.server.http.page_query import list_page
from mlkernel_locallm.server.jobs.job_request import read_job_request
from mlkernel_locallm.server.service import service_of


async def create(request: Request) -> Response:
    """Create a job."""
    body = await read_json(request)
    service = service_of(request)

    async def make(key: str | None) -> Response:
        return json_answer(service.jobs.create(read_job_request(body), key))

    return await service.idempotency.answer(request, fingerprint_of(body), make)


async def index(request: Request) -> Response:
    """List jobs, newest first."""
    return list_answer(list_page(request, service_of(request).jobs.store.jobs))


async def retrieve(request: Request) -> Response:
    """Tell of one job."""
    return json_answer(service_of(request).jobs.store.get(request.path_params["job"]))


async def events(request: Request) -> Response:
    """List what happened in a job, newest first."""
    store = service_of(request).jobs.store
    job = store.get(request.path_params["job"])
    return list_answer(list_page(request, store.events, most=1000, parent=job["id"]))


async def checkpoints(request: Request) -> Response:
    """List a job's checkpoints, newest first."""
    store = service_of(request).jobs.store
    job = store.get(request.path_params["job"])
    return list_answer(list_page(request, store.checkpoints, default=10, parent=job["id"]))


async def command(request: Request) -> Response:
    """Cancel, pause or resume a job."""
    service = service_of(request)
    jobs, identifier = service.jobs, request.path_params["job"]
    commands = {"cancel": jobs.cancel, "pause": jobs.pause, "resume": jobs.resume}
    execute = commands.get(request.path_params["command"])
    if execute is None:
        raise HTTPException(404)

    async def make(key: str | None) -> Response:
        return json_answer(execute(identifier))

    return await service.idempotency.answer(request, fingerprint_of(await read_json(request)), make)


routes = [
    Route("/v1/fine_tuning/jobs", create, methods=["POST"]),
    Route("/v1/fine_tuning/jobs", index, methods=["GET"]),
    Route("/v1/fine_tuning/jobs/{job}", retrieve, methods=["GET"]),
    Route("/v1/fine_tuning/jobs/{job}/events", events, methods=["GET"]),
    Route("/v1/fine_tuning/jobs/{job}/checkpoints", checkpoints, methods=["GET"]),
    Route("/v1/fine_tuning/jobs/{job}/{command}", command, methods=["POST"]),
]
