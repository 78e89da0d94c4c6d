"""``/v1/fine_tuning/alpha/graders``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlkernel_locallm.server.graders.grade import Attempt, Grade, Problem
from mlkernel_locallm.server.graders.grader_schema import check_grader
from mlkernel_locallm.server.http.answer import json_answer
from mlkernel_locallm.server.http.api_error import invalid
from mlkernel_locallm.server.http.fields import Fields
from mlkernel_locallm.server.http.json_body import fingerprint_of, read_json
from mlkernel_locallm.server.service import service_of

_NEVER_HERE = ("model_grader_refusal_error", "truncated_observation_error", "unresponsive_reward_error")


async def validate(request: Request) -> Response:
    """Check a grader."""
    body = await read_json(request)

    async def make(key: str | None) -> Response:
        fields = Fields(body)
        check_grader(fields.require("grader"), "grader")
        fields.finish()
        return json_answer({"grader": body["grader"]})

    return await service_of(request).idempotency.answer(request, fingerprint_of(body), make)


async def run(request: Request) -> Response:
    """Grade one answer."""
    body = await read_json(request)
    service = service_of(request)

    async def make(key: str | None) -> Response:
        fields = Fields(body)
        definition = fields.require("grader")
        check_grader(definition, "grader")
        attempt = Attempt(item=_item(fields), text=fields.text("model_sample"))
        fields.finish()
        grader = service.grading.grader(definition)
        begun = time.monotonic()
        [grade] = await run_in_threadpool(grader.grade, [attempt])
        return json_answer(_document(definition, grade, time.monotonic() - begun))

    return await service.idempotency.answer(request, fingerprint_of(body), make)


def _item(fields: Fields) -> Mapping[str, Any]:
    item = fields.get("item")
    if item is not None and not isinstance(item, Mapping):
        raise invalid("'item' must be a JSON object", "item", "invalid_type")
    return item or {}


def _document(definition: Mapping[str, Any], grade: Grade, seconds: float) -> dict[str, Any]:
    errors: dict[str, Any] = dict.fromkeys((*get_args(Problem), *_NEVER_HERE), False)
    errors["model_grader_server_error_details"] = None
    errors["python_grader_runtime_error_details"] = None
    errors["python_grader_server_error_type"] = None
    if grade.problem is not None:
        errors[grade.problem] = True
        details = {
            "model_grader_server_error": "model_grader_server_error_details",
            "python_grader_runtime_error": "python_grader_runtime_error_details",
            "python_grader_server_error": "python_grader_server_error_type",
        }
        errors[details.get(grade.problem, "other_error_details")] = grade.detail
    return {
        "reward": grade.reward,
        "sub_rewards": dict(grade.parts),
        "metadata": {
            "name": definition["name"],
            "type": definition["type"],
            "errors": errors,
            "execution_time": round(seconds, 6),
            "scores": dict(grade.parts),
            "token_usage": sum(grade.tokens.values()) or None,
            "sampled_model_name": definition.get("model"),
        },
        "model_grader_token_usage_per_model": dict(grade.tokens),
    }


routes = [
    Route("/v1/fine_tuning/alpha/graders/validate", validate, methods=["POST"]),
    Route("/v1/fine_tuning/alpha/graders/run", run, methods=["POST"]),
]
