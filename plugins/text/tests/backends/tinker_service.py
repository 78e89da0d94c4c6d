"""A step-wise training service with a model so small that it learns in a test: next token from the one before.

Speaks Tinker's interface in JSON: promises, sessions, models, forward and backward passes, optimiser steps, saved
weights, samples. Gradients are exact, the optimiser is plain gradient descent.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

Table = dict[int, list[float]]


class BigramModel:
    """Logits of the next token for each token, [vocabulary] each."""

    def __init__(self, size: int, table: Table | None = None) -> None:
        self.size = size
        self.table = {token: list(logits) for token, logits in (table or {}).items()}
        self.gradient: Table = {}

    def logprobs(self, token: int) -> list[float]:
        logits = self.table.get(token, [0.0] * self.size)
        highest = max(logits)
        total = highest + math.log(sum(math.exp(logit - highest) for logit in logits))
        return [logit - total for logit in logits]

    def scores(self, datum: dict[str, Any]) -> list[float]:
        inputs, targets = tokens_of(datum["model_input"]), values(datum, "target_tokens")
        return [self.logprobs(before)[target] for before, target in zip(inputs, targets, strict=True)]

    def backward(self, datum: dict[str, Any], slopes: list[float]) -> None:
        """Add the gradient of a loss whose slope in each target's log-probability is given."""
        inputs, targets = tokens_of(datum["model_input"]), values(datum, "target_tokens")
        for before, target, slope in zip(inputs, targets, slopes, strict=True):
            if slope:
                gradient = self.gradient.setdefault(before, [0.0] * self.size)
                for token, logprob in enumerate(self.logprobs(before)):
                    gradient[token] += slope * ((token == target) - math.exp(logprob))

    def step(self, rate: float) -> None:
        for token, gradient in self.gradient.items():
            logits = self.table.setdefault(token, [0.0] * self.size)
            self.table[token] = [logit - rate * slope for logit, slope in zip(logits, gradient, strict=True)]
        self.gradient = {}


def tokens_of(model_input: dict[str, Any]) -> list[int]:
    return [token for chunk in model_input["chunks"] for token in chunk["tokens"]]


def values(datum: dict[str, Any], name: str) -> list[float]:
    tensor = datum["loss_fn_inputs"][name]
    assert tensor["shape"] == [len(tensor["data"])]
    return tensor["data"]


def slopes(loss: str, config: dict[str, float], datum: dict[str, Any], scores: list[float]) -> list[float]:
    if loss == "cross_entropy":
        return [-weight for weight in values(datum, "weights")]
    result = []
    for now, before, gain in zip(scores, values(datum, "logprobs"), values(datum, "advantages"), strict=True):
        ratio = math.exp(now - before)
        low, high = config.get("clip_low_threshold", 0.0), config.get("clip_high_threshold", math.inf)
        is_clipped = (gain > 0 and ratio > high) or (gain < 0 and ratio < low)
        result.append(0.0 if is_clipped else -ratio * gain)
    return result


class TinkerService:
    """The service; ``fails`` says which call of which path shall fail, and how."""

    def __init__(self, size: int, end: int, key: str | None = None) -> None:
        self.size, self.end, self.key = size, end, key
        self.models: dict[str, BigramModel] = {}
        self.saved: dict[str, BigramModel] = {}
        self.results: dict[str, Any] = {}
        self.asked: Counter[str] = Counter()
        self.fails: dict[tuple[str, int], str] = {}
        self.last_call: dict[str, int] = defaultdict(int)
        self.pending: set[str] = set()

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/api/v1/{path}", self.serve, methods=["POST"])])

    async def serve(self, request: Request) -> JSONResponse:
        path, body = request.path_params["path"], await request.json()
        if self.key is not None and request.headers.get("x-api-key") != self.key:
            return JSONResponse({"detail": f"wrong key {request.headers.get('x-api-key')}"}, 401)
        self.asked[path] += 1
        fault = self.fails.get((path, self.asked[path]))
        if fault == "500-before":
            return JSONResponse({"detail": "nothing was done"}, 500)
        if fault == "429":
            return JSONResponse({"detail": "slow down"}, 429)
        answer = getattr(self, path)(body)
        if fault == "500-after":
            return JSONResponse({"detail": "it was done"}, 500)
        return JSONResponse(answer)

    def promise(self, result: dict[str, Any]) -> dict[str, Any]:
        identifier = f"request-{len(self.results)}"
        self.results[identifier] = result
        self.pending.add(identifier)
        return {"request_id": identifier}

    def model(self, body: dict[str, Any]) -> BigramModel:
        name = body["model_id"]
        assert body["seq_id"] == self.last_call[name] + 1, "calls of a model come in order"
        self.last_call[name] += 1
        return self.models[name]

    def create_session(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"session_id": "session-1", "type": "create_session"}

    def retrieve_future(self, body: dict[str, Any]) -> dict[str, Any]:
        identifier = body["request_id"]
        if identifier in self.pending:
            self.pending.remove(identifier)
            return {"type": "try_again", "request_id": identifier, "queue_state": "active"}
        return self.results[identifier]

    def create_model(self, body: dict[str, Any]) -> dict[str, Any]:
        name = f"model-{len(self.models)}"
        self.models[name] = BigramModel(self.size)
        return self.promise({"model_id": name, "type": "create_model"})

    def load_weights(self, body: dict[str, Any]) -> dict[str, Any]:
        self.model(body).table = BigramModel(self.size, self.saved[body["path"]].table).table
        return self.promise({"path": body["path"], "type": "load_weights"})

    def forward(self, body: dict[str, Any]) -> dict[str, Any]:
        model = self.model(body)
        outputs = [{"logprobs": tensor(model.scores(datum))} for datum in body["forward_input"]["data"]]
        return self.promise({"loss_fn_output_type": "scalar", "loss_fn_outputs": outputs, "metrics": {}})

    def forward_backward(self, body: dict[str, Any]) -> dict[str, Any]:
        model, asked = self.model(body), body["forward_backward_input"]
        outputs = []
        for datum in asked["data"]:
            scores = model.scores(datum)
            model.backward(datum, slopes(asked["loss_fn"], asked.get("loss_fn_config", {}), datum, scores))
            outputs.append({"logprobs": tensor(scores)})
        return self.promise({"loss_fn_output_type": "scalar", "loss_fn_outputs": outputs, "metrics": {}})

    def optim_step(self, body: dict[str, Any]) -> dict[str, Any]:
        self.model(body).step(body["adam_params"]["learning_rate"])
        return self.promise({})

    def save_weights(self, body: dict[str, Any]) -> dict[str, Any]:
        return self.save(body, "weights")

    def save_weights_for_sampler(self, body: dict[str, Any]) -> dict[str, Any]:
        return self.save(body, "sampler_weights")

    def save(self, body: dict[str, Any], kind: str) -> dict[str, Any]:
        path = f"tinker://{body['model_id']}/{kind}/{body['path']}"
        self.saved[path] = BigramModel(self.size, self.model(body).table)
        return self.promise({"path": path})

    def asample(self, body: dict[str, Any]) -> dict[str, Any]:
        if "model_path" in body and body["model_path"] not in self.saved:
            return self.promise({"error": f"no weights at {body['model_path']}", "category": "user"})
        model = self.saved[body["model_path"]] if "model_path" in body else BigramModel(self.size)
        prompt, params = tokens_of(body["prompt"]), body["sampling_params"]
        draws = [random.Random(f"{params.get('seed')}/{number}") for number in range(body["num_samples"])]
        return self.promise({"sequences": [self.draw(model, prompt, params, draw) for draw in draws]})

    def draw(
        self, model: BigramModel, prompt: list[int], params: dict[str, Any], draw: random.Random
    ) -> dict[str, Any]:
        tokens: list[int] = []
        logprobs: list[float] = []
        while len(tokens) < params["max_tokens"] and tokens[-1:] != [self.end]:
            scores = model.logprobs((tokens or prompt)[-1])
            token = draw.choices(range(self.size), [math.exp(score) for score in scores])[0]
            tokens.append(token)
            logprobs.append(scores[token])
        reason = "stop" if tokens[-1] == self.end else "length"
        return {"tokens": tokens, "logprobs": logprobs, "stop_reason": reason, "sequence_id": "s"}


def tensor(data: list[float]) -> dict[str, Any]:
    return {"data": data, "dtype": "float32", "shape": [len(data)]}
