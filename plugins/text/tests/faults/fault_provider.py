"""A provider that speaks OpenAI's protocol over a real socket, in a process of its own, and fails as it is told.

Started as a script it serves on loopback and prints its port. Each customer has a world of its own beneath
``/NAME/v1``; ``/NAME/control`` sets its faults and reads its bill.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

sys.path.insert(0, str(Path(__file__).parent))
from provider_world import World

PATIENCE = 3.0
"""Seconds after which every client of the tests has given up."""


class Customer:
    """A world, what goes wrong in it, and how often it was asked for what."""

    def __init__(self, key: str | None) -> None:
        self.key = key
        self.world = World()
        self.requests: Counter[str] = Counter()
        self.faults: dict[tuple[str, int], str] = {}
        self.job_faults: dict[int, str] = {}
        self.options: dict[str, Any] = {}
        self.patience = PATIENCE
        self.pid_file: str | None = None
        self.latency = 0.0

    def configure(self, told: dict[str, Any]) -> None:
        """Take what the control request says."""
        schedule = told.get("schedule", {})
        self.faults = {(one["operation"], one["at"]): one["fault"] for one in schedule.get("requests", ())}
        self.job_faults = {one["at"]: one["fault"] for one in schedule.get("jobs", ())}
        self.options = schedule
        self.pid_file = told.get("pid_file")
        self.latency = told.get("latency", 0.0)
        self.patience = told.get("patience", PATIENCE)

    def kill(self) -> None:
        """End the training process as the machine's power switch would."""
        if self.pid_file is not None and Path(self.pid_file).exists():
            with suppress(ProcessLookupError):
                os.kill(int(Path(self.pid_file).read_text(encoding="utf-8")), signal.SIGKILL)

    def job_fault(self, identifier: str) -> str | None:
        """What is wrong with a job."""
        return self.job_faults.get(int(identifier.removeprefix("ftjob-")))

    def report(self) -> dict[str, Any]:
        """The bill, and how often everything was asked."""
        return {
            "requests": dict(self.requests),
            "paid": dict(self.world.paid),
            "created": dict(self.world.created),
            "jobs": list(self.world.jobs.values()),
            "models": self.world.models,
            "files": list(self.world.files.values()),
        }


CUSTOMERS: dict[str, Customer] = {}


async def control(request: Request) -> Response:
    """POST sets the faults of a customer; GET tells the bill."""
    name = request.path_params["name"]
    if request.method == "POST":
        told = await request.json()
        if told.get("reset", True):
            CUSTOMERS[name] = Customer(told.get("key"))
        CUSTOMERS[name].configure(told)
    return JSONResponse(CUSTOMERS[name].report())


def failure(status: int, message: str, code: str | None = None, **headers: str) -> Response:
    """An error in OpenAI's form."""
    error = {"message": message, "type": "error", "code": code, "param": None}
    return JSONResponse(
        {"error": error}, status, {name.replace("_", "-"): text for name, text in headers.items()}
    )


async def serve(request: Request) -> Response:
    """Do what is asked, with the fault that is due."""
    customer = CUSTOMERS[request.path_params["name"]]
    path, method = request.path_params["path"], request.method
    if customer.key is not None and request.headers.get("authorization") != f"Bearer {customer.key}":
        sent = request.headers.get("authorization", "")
        return failure(401, f"Incorrect API key provided: {sent}", "invalid_api_key")
    operation = operation_of(method, path)
    customer.requests[operation] += 1
    fault = customer.faults.get((operation, customer.requests[operation]))
    if customer.latency:
        await asyncio.sleep(customer.latency)
    body = await request.body()
    refused = await before(fault, customer)
    if refused is not None:
        return refused
    answer = await perform(customer, request, operation, body)
    return await after(fault, customer, answer)


async def before(fault: str | None, customer: Customer) -> Response | None:
    """What goes wrong before anything was done."""
    if fault == "kill-before":
        customer.kill()
    seconds = {"slow": 0.05, "late": customer.patience, "timeout-before": customer.patience}
    await asyncio.sleep(seconds.get(fault or "", 0.0))
    if fault is not None and fault.startswith("error:"):
        _, status, code, message = fault.split(":", 3)
        return failure(int(status), message, code or None)
    return failure_before(fault)


def failure_before(fault: str | None) -> Response | None:
    """The answer of a fault that keeps anything from being done."""
    limit = partial(failure, 429, "slow down", "rate_limit_exceeded")
    failures: dict[str, Callable[[], Response]] = {
        "500-before": partial(failure, 500, "nothing was done", "server_error"),
        "timeout-before": partial(failure, 500, "too late"),
        "503-retry-after": partial(failure, 503, "overloaded", retry_after="0.05"),
        "429": limit,
        "429-retry-after": partial(limit, retry_after="0.05"),
        "429-date": partial(limit, retry_after=formatdate(time.time(), usegmt=True)),
    }
    make = failures.get(fault or "")
    return None if make is None else make()


async def after(fault: str | None, customer: Customer, answer: Response) -> Response:
    """What goes wrong after it was done."""
    if fault == "500-after":
        return failure(500, "something was done", "server_error")
    if fault == "timeout-after":
        await asyncio.sleep(customer.patience)
    if fault == "cut-json":
        return Response(answer.body[: len(answer.body) // 2], media_type="application/json")
    if fault == "cut-connection":
        size = {"content-length": str(len(answer.body))}
        return Response(answer.body[: len(answer.body) // 2], media_type="application/json", headers=size)
    if fault == "no-json":
        return Response("<html>Bad gateway</html>", media_type="text/html")
    if fault == "kill-after":
        customer.kill()
    if fault == "kill-answered":
        answer.background = BackgroundTask(customer.kill)
    return answer


def operation_of(method: str, path: str) -> str:
    """The name by which faults are scheduled."""
    if path == "chat/completions":
        return "chat"
    if path.startswith("models"):
        return "model"
    if method == "POST":
        return {"files": "upload", "fine_tuning/jobs": "create"}.get(path, "cancel")
    return "list" if path in {"files", "fine_tuning/jobs"} else "poll"


async def perform(customer: Customer, request: Request, operation: str, body: bytes) -> Response:
    """Do what is asked."""
    world, path = customer.world, request.path_params["path"]
    if operation == "upload":
        async with request.form() as form:
            file: Any = form["file"]
            return JSONResponse(world.upload(file.filename, await file.read()))
    if operation in {"chat", "create"}:
        key = request.headers.get("idempotency-key")
        return work(customer, operation, json.loads(body), key)
    if operation == "list":
        return listing(customer, request, path)
    if operation == "model":
        return one_model(world, path.removeprefix("models").strip("/"))
    return about_job(customer, path)


def work(customer: Customer, operation: str, asked: dict[str, Any], key: str | None) -> Response:
    """What costs something: a completion, or a job."""
    world = customer.world
    if asked["model"] not in world.models:
        return failure(404, f"no model {asked['model']}", "model_not_found")
    if operation == "chat":
        return JSONResponse(world.chat(asked, key))
    knows = customer.options.get("knows_idempotency", True)
    return JSONResponse(world.create(asked, key, knows_idempotency=knows))


def one_model(world: World, name: str) -> Response:
    """A model, or all of them."""
    models = [{"id": one, "object": "model", "created": 1, "owned_by": "test"} for one in world.models]
    if not name:
        return JSONResponse({"object": "list", "data": models})
    found = [model for model in models if model["id"] == name]
    return JSONResponse(found[0]) if found else failure(404, f"no model {name}", "model_not_found")


def listing(customer: Customer, request: Request, path: str) -> Response:
    """Newest first, in pages of three so that there are some."""
    world = customer.world
    items = list((world.files if path == "files" else world.jobs).values())[::-1]
    wanted = request.query_params.get("metadata[mlkernel_key]")
    if wanted is not None and customer.options.get("filters_lists", True):
        items = [item for item in items if item["metadata"].get("mlkernel_key") == wanted]
    if not customer.options.get("has_more", True):
        return JSONResponse({"object": "list", "data": items})
    names = [item["id"] for item in items]
    last = request.query_params.get("after")
    start = names.index(last) + 1 if last in names else 0
    page = items[start : start + 3]
    return JSONResponse({"object": "list", "data": page, "has_more": start + 3 < len(items)})


def about_job(customer: Customer, path: str) -> Response:
    """A job, its events and checkpoints, or its cancellation."""
    _, _, identifier, *rest = path.split("/")
    world = customer.world
    if rest == ["cancel"]:
        job = world.jobs[identifier]
        if job["status"] in {"succeeded", "failed", "cancelled"}:
            return failure(400, f"job {identifier} has {job['status']}")
        job["status"] = "cancelled"
        return JSONResponse(job)
    if rest == ["events"]:
        events = [
            {
                "id": f"event-{number}",
                "object": "fine_tuning.job.event",
                "created_at": number,
                "level": "info",
                "message": f"step {number}",
            }
            for number in (3, 2, 1)
        ]
        return JSONResponse({"object": "list", "data": events, "has_more": False})
    if rest == ["checkpoints"]:
        checkpoint = {
            "id": "checkpoint-1",
            "object": "fine_tuning.job.checkpoint",
            "created_at": 1,
            "fine_tuned_model_checkpoint": f"{world.jobs[identifier]['result']}:ckpt-step-1",
            "fine_tuning_job_id": identifier,
            "metrics": {"train_loss": 0.5, "step": 1},
            "step_number": 1,
        }
        return JSONResponse({"object": "list", "data": [checkpoint], "has_more": False})
    job = world.look(identifier, customer.job_fault(identifier))
    return failure(404, f"no job {identifier}") if job is None else JSONResponse(job)


def main() -> None:
    """Serve until the parent ends this process."""
    routes = [
        Route("/{name}/control", control, methods=["GET", "POST"]),
        Route("/{name}/v1/{path:path}", serve, methods=["GET", "POST", "DELETE"]),
    ]
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(Starlette(routes=routes), log_level="critical", access_log=False)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
