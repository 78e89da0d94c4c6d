"""Azure: what is tuned must be deployed, by a management interface with a token of its own."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest
from attrs import evolve
from plugins.text.tests.backends.served_app import served
from plugins.text.tests.faults.fault_provider import Customer, perform
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mlkernel import ConfigError, FineTuneRequest
from mlkernel_text.backends.azure_backend import AzureBackend
from mlkernel_text.backends.azure_config import AzureConfig
from mlkernel_text.backends.backend import SampleRequest
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.errors import ProviderError

TOKEN, KEY = "eyJ0eXAi.management.token", "azure-key-0123456789"
PATH = "/subscriptions/SUB/resourceGroups/GROUP/providers/Microsoft.CognitiveServices/accounts/ACCOUNT/deployments"


class Azure:
    """A resource whose deployments take two looks to become ready."""

    def __init__(self) -> None:
        self.customer = Customer(None)
        self.deployments = {"chat": {"model": "base", "looks": 2, "sku": {}}}
        self.asked: Counter[str] = Counter()
        self.ends = "Succeeded"

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route(f"{PATH}/{{name}}", self.manage, methods=["GET", "PUT", "DELETE"]),
                Route("/openai/v1/{path:path}", self.serve, methods=["GET", "POST"]),
            ]
        )

    async def manage(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.asked[request.method] += 1
        if request.headers["authorization"] != f"Bearer {TOKEN}":
            return JSONResponse({"error": {"message": f"bad {request.headers['authorization']}"}}, 401)
        assert request.query_params["api-version"] == "2024-10-01"
        if request.method == "PUT":
            body = await request.json()
            model = body["properties"]["model"]["name"]
            self.deployments[name] = {"model": model, "looks": 0, "sku": body["sku"]}
        if request.method == "DELETE":
            self.deployments.pop(name, None)
            return Response(status_code=204)
        if name not in self.deployments:
            return JSONResponse({"error": {"code": "ResourceNotFound"}}, 404)
        deployment = self.deployments[name]
        state = self.ends if deployment["looks"] >= 2 else "Creating"
        deployment["looks"] += 1
        model = {"format": "OpenAI", "name": deployment["model"], "version": "1"}
        return JSONResponse({"name": name, "properties": {"model": model, "provisioningState": state}})

    async def serve(self, request: Request) -> Response:
        body = await request.body()
        path = request.path_params["path"]
        if path != "chat/completions":
            operation = {"files": "list", "fine_tuning/jobs": "list"}.get(path, "poll")
            if request.method == "POST":
                operation = {"files": "upload", "fine_tuning/jobs": "create"}[path]
            return await perform(self.customer, request, operation, body)
        asked = json.loads(body)
        deployment = self.deployments.get(asked["model"])
        if deployment is None or deployment["looks"] < 2:
            return JSONResponse({"error": {"code": "DeploymentNotFound", "message": "no deployment"}}, 404)
        world = self.customer.world
        return JSONResponse(world.chat({**asked, "model": deployment["model"]}, None))


@pytest.fixture
def azure():
    return Azure()


@pytest.fixture
def make(azure, tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_AZURE_KEY", KEY)
    monkeypatch.setenv("TEST_AZURE_TOKEN", TOKEN)
    with served(azure.app()) as url:

        def make(**changes):
            config = AzureConfig(
                endpoint=url,
                model="chat",
                api_key_env="TEST_AZURE_KEY",
                subscription="SUB",
                resource_group="GROUP",
                account="ACCOUNT",
                management_url=url,
                management_token_env="TEST_AZURE_TOKEN",
                **changes,
            )
            return AzureBackend(config, BackendContext(directory=tmp_path, run_id="run", seed=0))

        yield make


def call(backend, method, *arguments):
    async def run():
        try:
            return await getattr(backend, method)(*arguments)
        finally:
            await backend.aclose()

    return asyncio.run(run())


@pytest.fixture
def tuned(make, tmp_path):
    """A backend, and the model of a job that it ran."""
    path = tmp_path / "rows.jsonl"
    path.write_text("{}\n" * 12)
    request = FineTuneRequest(
        key="run/0000/a/1", provider="azure", model="chat", method="sft", training_file=path, rows=12
    )
    backend = make()
    job = call(backend, "submit", request)
    assert call(backend, "find", request.key).identifier == job.identifier
    while job.state != "succeeded":
        job = call(backend, "poll", job)
    return backend, job.model


def test_training_starts_from_the_model_behind_the_deployment(tuned, azure):
    (job,) = azure.customer.world.jobs.values()
    assert job["model"] == "base"


def test_a_tuned_model_answers_once_it_is_deployed(tuned, azure):
    backend, model = tuned
    waits = []
    for _ in range(10):
        try:
            name = call(backend, "ensure_servable", model)
            break
        except ProviderError as error:
            waits.append((error.kind, error.retry_after))
    assert set(waits) == {("rate_limit", 15.0)}
    assert azure.asked["PUT"] == 1
    assert azure.deployments[name]["sku"] == {"name": "Standard", "capacity": 50}
    request = SampleRequest(key="k", model=name, chat=({"role": "user", "content": "yes or no?"},))
    assert call(backend, "sample", request).samples
    assert call(backend, "ensure_servable", name) == name


def test_a_tuned_model_can_be_tuned_further(tuned, azure, tmp_path):
    backend, model = tuned
    azure.deployments["mine"] = {"model": model, "looks": 5, "sku": {}}
    request = FineTuneRequest(
        key="run/0001/a/1",
        provider="azure",
        model="mine",
        method="sft",
        training_file=tmp_path / "rows.jsonl",
    )
    call(backend, "submit", request)
    assert list(azure.customer.world.jobs.values())[-1]["model"] == model


def test_a_deployment_that_failed_says_so(tuned, azure):
    backend, model = tuned
    azure.ends = "Failed"
    errors = []
    for _ in range(3):
        with pytest.raises(ProviderError) as caught:
            call(backend, "ensure_servable", model)
        errors.append(caught.value)
    assert errors[-1].kind == "bad_request"
    assert "has failed" in errors[-1].message


def test_what_is_released_is_not_paid_for_any_more(tuned, azure):
    backend, model = tuned
    with pytest.raises(ProviderError):
        call(backend, "ensure_servable", model)
    (name,) = set(azure.deployments) - {"chat"}
    call(backend, "release", name)
    call(backend, "release", "chat")
    assert set(azure.deployments) == {"chat"}


def test_a_missing_deployment_is_told_at_the_start(make, azure):
    del azure.deployments["chat"]
    with pytest.raises(ConfigError, match="no model 'chat'"):
        call(make(), "prepare", None)


def test_an_expired_token_is_no_secret_told(make, monkeypatch):
    monkeypatch.setenv("TEST_AZURE_TOKEN", "eyJ0eXAi.expired.token")
    with pytest.raises(ProviderError) as caught:
        call(make(), "ensure_servable", "ft:model")
    assert caught.value.kind == "auth"
    assert "TEST_AZURE_TOKEN" in caught.value.hint
    assert "eyJ0eXAi" not in f"{caught.value!r} {caught.value}"
    monkeypatch.delenv("TEST_AZURE_TOKEN")
    with pytest.raises(ConfigError, match="TEST_AZURE_TOKEN is not set"):
        make()


def test_it_says_that_models_are_deployed(make):
    assert make().capabilities == evolve(AzureBackend.capabilities)
    assert make().capabilities.deploy
