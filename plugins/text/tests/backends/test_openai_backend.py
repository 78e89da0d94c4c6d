"""The official client against a real socket, behind which everything goes wrong."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx2
import pytest
from attrs import evolve

from mlkernel import ConfigError, FineTuneRequest
from mlkernel_text.backends.backend import SampleRequest
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.backends.openai_backend import OpenAIBackend
from mlkernel_text.backends.openai_config import OpenAIConfig

KEY = "sk-test-0123456789abcdef"
CHAT = ({"role": "system", "content": "prover"}, {"role": "user", "content": "g4 h8 d7 a6 | 7"})
REQUEST = SampleRequest(key="run/train/0/prover", model="base", chat=CHAT, n=3, seed=5)


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("TEST_PROVIDER_KEY", KEY)


@pytest.fixture
def make(customer, tmp_path):
    def make(**changes):
        options = {
            "model": "base",
            "base_url": customer.base_url,
            "api_key_env": "TEST_PROVIDER_KEY",
            "timeout": 30.0,
            **changes,
        }
        context = BackendContext(directory=tmp_path, run_id="run", seed=0)
        return OpenAIBackend(OpenAIConfig(**options), context)

    return make


def call(backend, method, *arguments):
    """What a method gives, on a loop of its own."""

    async def run():
        try:
            return await getattr(backend, method)(*arguments)
        finally:
            await backend.aclose()

    return asyncio.run(run())


def raised(backend, method, *arguments):
    with pytest.raises(ProviderError) as caught:
        call(backend, method, *arguments)
    return caught.value


def job_request(tmp_path, **changes):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"messages": [], "row": row}) + "\n" for row in range(12)))
    request = FineTuneRequest(
        key="run/0000/prover/1",
        provider="openai",
        model="base",
        method="sft",
        training_file=path,
        rows=12,
        seed=3,
    )
    return evolve(request, **changes)


def test_several_answers_come_from_one_request(make, customer):
    backend = make()
    result = call(backend, "sample", REQUEST)
    assert len(result.samples) == 3
    assert result.usage.prompt_tokens == sum(len(message["content"]) for message in CHAT)
    assert customer.report["requests"] == {"chat": 1}


def test_the_same_key_is_paid_once(make, customer):
    backend = make()
    assert call(backend, "sample", REQUEST) == call(backend, "sample", REQUEST)
    assert set(customer.report["paid"].values()) == {1}


def test_an_answer_is_a_function_of_the_request(make):
    backend = make()
    first = call(backend, "sample", REQUEST)
    assert call(backend, "sample", evolve(REQUEST, key="another")).samples == first.samples
    assert call(backend, "sample", evolve(REQUEST, key="third", seed=6)).samples != first.samples


def test_refusals_filters_and_cuts_are_outcomes(make):
    result = call(make(), "sample", evolve(REQUEST, n=200))
    outcomes = {sample.outcome for sample in result.samples}
    assert outcomes == {"ok", "refused", "filtered", "length"}
    assert all(sample.problem for sample in result.samples if sample.outcome != "ok")


def test_usage_has_the_price_of_the_model(make):
    backend = make(prices={"ba*": (1.0, 2.0, 3.0)})
    usage = call(backend, "sample", REQUEST).usage
    assert usage.cost == pytest.approx((usage.prompt_tokens + 2 * usage.completion_tokens) / 1e6)
    estimate = backend.estimate(REQUEST)
    assert estimate.tokens >= usage.prompt_tokens + usage.completion_tokens
    assert estimate.cost >= usage.cost


@pytest.mark.parametrize(
    ("fault", "kind", "retry_after"),
    [
        ("500-before", "server", None),
        ("500-after", "server", None),
        ("503-retry-after", "server", 0.05),
        ("429", "rate_limit", None),
        ("429-retry-after", "rate_limit", 0.05),
        ("timeout-after", "timeout", None),
        ("cut-json", "malformed", None),
        ("cut-connection", "connection", None),
        ("no-json", "malformed", None),
        ("error:429:insufficient_quota:pay first", "quota", None),
        ("error:429:rate_limit_exceeded:Limit 3 requests per day", "daily_limit", 3600.0),
        ("error:429::Daily fine-tuning job limit reached", "daily_limit", 3600.0),
        ("error:401:invalid_api_key:wrong", "auth", None),
        ("error:403::no right", "auth", None),
        ("error:402::credits", "quota", None),
        ("error:404:model_not_found:gone", "not_found", None),
        ("error:400:invalid_value:temperature", "bad_request", None),
        ("error:409::conflict", "server", None),
    ],
)
def test_failures_say_what_they_mean(make, customer, fault, kind, retry_after):
    customer.faults(("chat", 1, fault), patience=1.0)
    patience = {"timeout": 0.4} if kind == "timeout" else {}
    error = raised(make(**patience), "sample", REQUEST)
    assert (error.kind, error.retry_after) == (kind, retry_after)
    assert "sample from base" in error.message


def test_a_date_to_come_back_at_is_understood(make, customer):
    customer.faults(("chat", 1, "429-date"))
    error = raised(make(), "sample", REQUEST)
    assert error.kind == "rate_limit"
    assert 0 <= error.retry_after <= 1


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("error:400:context_length_exceeded:too long", "overlong"),
        ("error:400:content_filter:flagged", "filtered"),
    ],
)
def test_chats_that_no_model_saw_are_outcomes(make, customer, fault, outcome):
    customer.faults(("chat", 1, fault))
    result = call(make(), "sample", REQUEST)
    assert [sample.outcome for sample in result.samples] == [outcome] * 3
    assert result.usage.completion_tokens == 0


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://127.0.0.1:9/v1", "127.0.0.1:9 refuses connections"),
        ("https://user:sesame@provider.invalid/v1", "no such host as that of provider.invalid:443"),
        ("https://{there}/v1", "no TLS connection to {there} (WRONG_VERSION_NUMBER)"),
    ],
)
def test_no_connection_is_an_error_that_says_where_to_and_why(make, customer, address, told):
    there = httpx2.URL(customer.base_url).netloc.decode()
    error = raised(make(base_url=address.format(there=there), timeout=5.0), "sample", REQUEST)
    assert error.kind == "connection"
    assert error.is_ambiguous
    assert told.format(there=there) in error.message
    assert KEY not in error.message
    assert "sesame" not in error.message


def test_one_try_is_one_request(make, customer):
    customer.faults(("chat", 1, "500-before"))
    raised(make(), "sample", REQUEST)
    assert customer.report["requests"] == {"chat": 1}


def test_the_key_is_in_no_error_nor_representation(make, customer):
    customer.configure(key="another key")
    backend = make()
    error = raised(backend, "sample", REQUEST)
    assert error.kind == "auth"
    chain = [error, error.__cause__, *([] if error.__suppress_context__ else [error.__context__])]
    shown = " ".join(f"{one!r} {one}" for one in [*chain, backend, backend._client])
    assert "api_key_env" in shown
    assert KEY not in shown


def test_a_missing_key_is_told_before_anything_is_asked(make, monkeypatch):
    monkeypatch.delenv("TEST_PROVIDER_KEY")
    with pytest.raises(ConfigError, match=r"TEST_PROVIDER_KEY is not set, and backend\.api_key_env"):
        make()


def test_a_key_in_place_of_its_name_is_refused():
    with pytest.raises(ValueError, match="api_key_env"):
        OpenAIConfig(model="base", api_key_env=KEY)


def test_an_address_without_its_scheme_is_refused():
    with pytest.raises(ValueError, match="base_url"):
        OpenAIConfig(model="base", base_url="localhost:8000/v1")


def test_a_missing_model_is_told_before_anything_is_paid(make):
    with pytest.raises(ConfigError, match="has no model 'bsae'"):
        call(make(model="bsae"), "prepare", None)
    assert call(make(), "prepare", None) == "base"


def test_a_provider_that_stumbles_does_not_hinder_the_start(make, customer):
    customer.faults(("model", 1, "500-before"))
    assert call(make(), "prepare", None) == "base"


def test_content_is_uploaded_once(make, customer, tmp_path):
    backend, request = make(), job_request(tmp_path)
    assert call(backend, "upload", request) == call(backend, "upload", request)
    (tmp_path / "rows.jsonl").write_text("other\n")
    call(backend, "upload", request)
    assert len(customer.report["files"]) == 2


def test_a_validation_file_is_uploaded_as_well(make, customer, tmp_path):
    validation = tmp_path / "validation.jsonl"
    validation.write_text("{}\n")
    backend, request = make(), job_request(tmp_path, validation_file=validation)
    job = call(backend, "submit", request, call(backend, "upload", request))
    (told,) = customer.report["jobs"]
    assert (told["training_file"], told["validation_file"]) == ("file-1", "file-2")
    assert json.loads(job.uploaded) == {"training": "file-1", "validation": "file-2"}


@pytest.mark.parametrize("find_by", ["metadata", "suffix", "file"])
@pytest.mark.parametrize("options", [{}, {"filters_lists": False}, {"has_more": False}])
def test_a_job_is_found_by_its_key(make, customer, tmp_path, find_by, options):
    customer.faults(**options)
    backend = make(find_by=find_by, timeout=5)
    keys = [f"run/{iteration:04d}/prover/1" for iteration in range(5)]
    for key in keys:
        call(backend, "submit", job_request(tmp_path, key=key))
    assert [call(backend, "find", key).identifier for key in keys] == [
        f"ftjob-{number}" for number in range(1, 6)
    ]
    assert call(backend, "find", "run/0005/prover/1") is None


def test_the_method_and_its_options_reach_the_provider(make, customer, tmp_path):
    options = {"epochs": 2, "learning_rate": 0.5, "beta": 0.1, "batch_size": None, "clip": 0.2}
    call(make(), "submit", job_request(tmp_path, method="dpo", options=options))
    call(make(), "submit", job_request(tmp_path, key="run/0001/prover/1", options=options))
    dpo, sft = (job["method"] for job in customer.report["jobs"])
    assert dpo == {
        "type": "dpo",
        "dpo": {"hyperparameters": {"n_epochs": 2, "learning_rate_multiplier": 0.5, "beta": 0.1}},
    }
    assert sft == {
        "type": "supervised",
        "supervised": {"hyperparameters": {"n_epochs": 2, "learning_rate_multiplier": 0.5}},
    }


def test_older_servers_get_the_older_field(make, customer, tmp_path):
    backend = make(method_field="hyperparameters")
    call(backend, "submit", job_request(tmp_path, options={"epochs": 2}))
    assert customer.report["jobs"][0]["method"] is None
    assert raised(backend, "submit", job_request(tmp_path, method="dpo")).kind == "unsupported"


def test_what_a_provider_cannot_do_is_said(make, tmp_path):
    error = raised(make(), "submit", job_request(tmp_path, method="grpo"))
    assert error.kind == "unsupported"
    assert "dpo, rft, sft" in error.hint


def test_a_job_is_followed_to_its_model(make, tmp_path):
    backend = make()
    job = call(backend, "submit", job_request(tmp_path))
    states = []
    while job.state not in {"succeeded", "failed"}:
        job = call(backend, "poll", job)
        states.append(job.state)
    assert states == ["pending", "running", "succeeded"]
    assert job.trained_tokens > 0
    assert call(backend, "ensure_servable", job.model) == job.model
    assert call(backend, "sample", evolve(REQUEST, model=job.model)).samples


def test_an_unknown_state_counts_as_running(make, customer, tmp_path):
    customer.configure(schedule={"jobs": [{"at": 1, "fault": "unknown-state"}]})
    backend = make()
    job = call(backend, "submit", job_request(tmp_path))
    assert [call(backend, "poll", job).state for _ in range(5)] == [
        "pending",
        "running",
        "running",
        "running",
        "succeeded",
    ]


def test_events_checkpoints_and_cancellation(make, tmp_path):
    backend = make()
    job = call(backend, "submit", job_request(tmp_path))
    events = call(backend, "events", job)
    assert [event["id"] for event in events] == ["event-1", "event-2", "event-3"]
    assert [event["id"] for event in call(backend, "events", job, "event-2")] == ["event-3"]
    (checkpoint,) = call(backend, "checkpoints", job)
    assert (checkpoint["step"], checkpoint["metrics"]) == (1, {"step": 1, "train_loss": 0.5})
    cancelled = call(backend, "cancel", job)
    assert cancelled.state == "cancelled"
    assert call(backend, "cancel", cancelled).state == "cancelled"


SERVER = '''
import sys
sys.path.insert(0, {folder!r})
import fault_provider


class Server:
    """The provider's world without its socket."""

    def app(self):
        async def app(scope, receive, send):
            fault_provider.CUSTOMERS.setdefault("v1", fault_provider.Customer(None))
            scope["path_params"] = {{"name": "v1", "path": scope["path"].removeprefix("/v1/")}}
            request = fault_provider.Request(scope, receive, send)
            await (await fault_provider.serve(request))(scope, receive, send)

        return app
'''


def test_a_server_in_this_process_needs_no_socket_and_no_key(tmp_path, monkeypatch):
    folder = str(Path(__file__).parent.parent / "faults")
    monkeypatch.syspath_prepend(folder)
    (tmp_path / "server.py").write_text(SERVER.format(folder=folder))
    config = OpenAIConfig(model="base", in_process=f"{tmp_path / 'server.py'}:Server", api_key_env="NOT_SET")
    backend = OpenAIBackend(config, BackendContext(directory=tmp_path, run_id="run", seed=0))
    assert not backend.capabilities.metered
    assert call(backend, "prepare", None) == "base"
    assert len(call(backend, "sample", REQUEST).samples) == 3
    job = call(backend, "submit", job_request(tmp_path))
    assert call(backend, "find", job.key).identifier == job.identifier
