"""OpenRouter's manners: headers, routing, costs, and failures with status 200."""

from __future__ import annotations

import asyncio

import pytest
from plugins.text.tests.backends.served_app import served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mlkernel import ConfigError, FineTuneRequest
from mlkernel_text.backends.backend import SampleRequest
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.backends.openrouter_backend import OpenRouterBackend
from mlkernel_text.backends.openrouter_config import OpenRouterConfig

REQUEST = SampleRequest(key="k", model="author/name", chat=({"role": "user", "content": "hello"},), seed=1)
COMPLETION = {
    "id": "gen-1",
    "object": "chat.completion",
    "created": 1,
    "model": "author/name",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello yourself"}}
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8, "cost": 0.0125},
}


class Router:
    """Answers every chat with what it is told."""

    def __init__(self) -> None:
        self.answer, self.status = COMPLETION, 200
        self.headers, self.body = {}, {}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/models", self.models),
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
            ]
        )

    async def models(self, request: Request) -> JSONResponse:
        return JSONResponse({"data": [{"id": "author/name", "name": "A name"}]})

    async def chat(self, request: Request) -> JSONResponse:
        self.headers, self.body = dict(request.headers), await request.json()
        return JSONResponse(self.answer, self.status)


@pytest.fixture
def router():
    return Router()


@pytest.fixture
def make(router, tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_ROUTER_KEY", "sk-or-0123456789")
    with served(router.app()) as url:

        def make(**changes):
            options = {"model": "author/name", "base_url": f"{url}/v1", "api_key_env": "TEST_ROUTER_KEY"}
            context = BackendContext(directory=tmp_path, run_id="run", seed=0)
            return OpenRouterBackend(OpenRouterConfig(**{**options, **changes}), context)

        yield make


def call(backend, method, *arguments):
    async def run():
        try:
            return await getattr(backend, method)(*arguments)
        finally:
            await backend.aclose()

    return asyncio.run(run())


def test_its_headers_and_routing_are_sent(make, router):
    call(make(referer="https://example.org", title="Cards", routing={"order": ["one"]}), "sample", REQUEST)
    assert router.headers["http-referer"] == "https://example.org"
    assert router.headers["x-title"] == "Cards"
    assert router.body["provider"] == {"order": ["one"]}
    assert router.body["max_tokens"] == 256
    assert "n" not in router.body


def test_its_costs_are_told(make):
    result = call(make(), "sample", REQUEST)
    assert result.samples[0].text == "hello yourself"
    assert result.usage.cost == 0.0125


@pytest.mark.parametrize(
    ("code", "kind"),
    [(502, "server"), (429, "rate_limit"), (402, "quota"), (408, "timeout"), ("x", "server")],
)
def test_an_error_with_status_200_is_one(make, router, code, kind):
    router.answer = {"error": {"code": code, "message": "upstream is down"}}
    with pytest.raises(ProviderError, match="upstream is down") as caught:
        call(make(), "sample", REQUEST)
    assert caught.value.kind == kind


def test_a_provider_that_fails_while_it_answers_gave_no_answer(make, router):
    torn = {"index": 0, "finish_reason": "error", "message": {"role": "assistant", "content": "hel"}}
    router.answer = COMPLETION | {"choices": [torn]}
    (sample,) = call(make(), "sample", REQUEST).samples
    assert (sample.outcome, sample.text) == ("error", "hel")


@pytest.mark.parametrize("filler", [0, 490])
def test_a_key_is_hidden_whatever_its_variable_is_called(make, router, monkeypatch, filler):
    monkeypatch.setenv("MY_ROUTER", "c0ffee-c0ffee-c0ffee")
    router.status = 401
    router.answer = {"error": {"message": "x" * filler + " c0ffee-c0ffee-c0ffee is no key"}}
    with pytest.raises(ProviderError) as raised:
        call(make(api_key_env="MY_ROUTER"), "sample", REQUEST)
    assert "c0ffee" not in str(raised.value)


def test_moderation_is_an_outcome(make, router):
    router.status = 403
    router.answer = {
        "error": {"code": 403, "message": "The model requires moderation, and the input was flagged"}
    }
    (sample,) = call(make(), "sample", REQUEST).samples
    assert sample.outcome == "filtered"


def test_the_model_is_looked_for_in_the_list(make):
    assert call(make(), "prepare", None) == "author/name"
    assert call(make(), "ensure_servable", "author/name:free") == "author/name:free"
    with pytest.raises(ConfigError, match="no model 'author/other'"):
        call(make(model="author/other"), "prepare", None)


def test_it_names_those_who_can_tune(make, tmp_path):
    request = FineTuneRequest(key="k", provider="openrouter", model="m", method="sft", training_file=tmp_path)
    for method in ("upload", "submit"):
        with pytest.raises(ProviderError, match="locallm, openai, azure or tinker") as caught:
            call(make(), method, request)
        assert caught.value.kind == "unsupported"
