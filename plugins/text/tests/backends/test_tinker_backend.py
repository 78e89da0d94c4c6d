"""Jobs made of single steps, on a service that speaks the interface and really learns."""

from __future__ import annotations

import asyncio
import json
import math
import re
from itertools import pairwise

import pytest
from attrs import evolve
from plugins.text.tests.backends.served_app import served
from plugins.text.tests.backends.tinker_service import TinkerService

from mlkernel import ConfigError, FineTuneRequest
from mlkernel.testing import check_plugin
from mlkernel_text.backends.backend import SampleRequest
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.chat_tokenizer import ChatTokenizer
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.backends.tinker_backend import TinkerBackend
from mlkernel_text.backends.tinker_config import TinkerConfig

KEY = "tml-0123456789abcdef"
TEMPLATE = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
PROMPT = [{"role": "user", "content": "say"}]


def answer(text):
    return {"role": "assistant", "content": text}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(letters)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    whole = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<end>")
    whole.add_special_tokens({"additional_special_tokens": ["<system>", "<user>", "<assistant>"]})
    whole.chat_template = TEMPLATE
    folder = tmp_path_factory.mktemp("tokenizer")
    whole.save_pretrained(folder)
    return folder, len(whole), whole.convert_tokens_to_ids("<end>")


@pytest.fixture
def service(tokenizer):
    return TinkerService(tokenizer[1], tokenizer[2], KEY)


@pytest.fixture
def url(service):
    with served(service.app()) as url:
        yield url


@pytest.fixture
def make(url, tokenizer, tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_TINKER_KEY", KEY)

    def make():
        config = TinkerConfig(
            model="bigram",
            base_url=url,
            api_key_env="TEST_TINKER_KEY",
            tokenizer=str(tokenizer[0]),
            batch_size=4,
            learning_rate=2.0,
        )
        return TinkerBackend(config, BackendContext(directory=tmp_path / "backend", run_id="run", seed=0))

    return make


def call(backend, method, *arguments):
    async def run():
        try:
            return await getattr(backend, method)(*arguments)
        finally:
            await backend.aclose()

    return asyncio.run(run())


def request_of(tmp_path, method, rows, key="run/0000/a/1", **options):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return FineTuneRequest(
        key=key,
        provider="tinker",
        model=options.pop("model", "bigram"),
        method=method,
        training_file=path,
        rows=len(rows),
        seed=1,
        options=options,
    )


def trained(backend, request):
    job = call(backend, "submit", request)
    for _ in range(200):
        job = call(backend, "poll", job)
        if job.state == "succeeded":
            return job
    raise AssertionError("the job never ends")


def ask(backend, model, **changes):
    request = SampleRequest(key="k", model=model, chat=tuple(PROMPT), n=8, max_tokens=12, seed=3)
    return call(backend, "sample", evolve(request, **changes))


def score(service, tokenizer, model, text):
    """Log-probability of an answer under a saved model."""
    from transformers import AutoTokenizer

    codec = AutoTokenizer.from_pretrained(tokenizer[0])
    tokens = [codec.convert_tokens_to_ids("<assistant>"), *codec.encode(text), tokenizer[2]]
    return sum(service.saved[model].logprobs(one)[two] for one, two in pairwise(tokens))


def test_it_keeps_the_contract(url, tokenizer, monkeypatch):
    monkeypatch.setenv("TEST_TINKER_KEY", KEY)
    overrides = [
        "model=bigram",
        f"base_url={url}",
        "api_key_env=TEST_TINKER_KEY",
        f"tokenizer={tokenizer[0]}",
    ]
    results = check_plugin("tinker", kind="text_backend", overrides=overrides)
    assert not [(result.name, result.message) for result in results if not result.passed]


def test_samples_have_tokens_and_logprobs(make):
    result = ask(make(), "bigram", logprobs=True)
    assert len(result.samples) == 8
    assert all(len(sample.tokens) == len(sample.logprobs) for sample in result.samples)
    assert ask(make(), "bigram", logprobs=True) == result


@pytest.mark.parametrize("sequences", [[{"stop_reason": "stop"}] * 8, [None] * 8, [], None])
def test_a_sample_that_cannot_be_read_may_be_asked_for_again(make, service, monkeypatch, sequences):
    monkeypatch.setattr(service, "asample", lambda body: service.promise({"sequences": sequences}))
    with pytest.raises(ProviderError) as raised:
        ask(make(), "bigram")
    assert raised.value.kind == "malformed"


def test_supervised_training_teaches_what_it_is_shown(make, tmp_path):
    backend = make()
    rows = [{"messages": [*PROMPT, answer("abc")]}] * 8
    job = trained(backend, request_of(tmp_path, "sft", rows, epochs=20))
    texts = [sample.text for sample in ask(backend, job.model).samples]
    assert texts.count("abc") >= 7
    assert job.trained_tokens > 0


def test_only_weighted_answers_are_learnt(make, service, tokenizer, tmp_path):
    backend = make()
    rows = [
        {"messages": [*PROMPT, {**answer("zz"), "weight": 0}, *PROMPT, answer("abc")]},
        {"messages": [*PROMPT, answer("xy")], "weight": 0.0},
    ] * 4
    job = trained(backend, request_of(tmp_path, "sft", rows, epochs=10))
    before = -3 * math.log(tokenizer[1])
    assert score(service, tokenizer, job.model, "abc") > -1
    assert score(service, tokenizer, job.model, "zz") < before
    assert score(service, tokenizer, job.model, "xy") < before


def test_training_goes_on_from_a_tuned_model(make, service, tokenizer, tmp_path):
    backend = make()
    rows = [{"messages": [*PROMPT, answer("abc")]}] * 8
    first = trained(backend, request_of(tmp_path, "sft", rows, epochs=3))
    onward = request_of(tmp_path, "sft", rows, key="run/0001/a/1", model=first.model, epochs=1)
    second = trained(make(), onward)
    assert score(service, tokenizer, second.model, "abc") > score(service, tokenizer, first.model, "abc")


def test_preferences_move_both_answers_by_the_gradient_of_dpo(make, service, tokenizer, tmp_path):
    rows = [
        {
            "input": {"messages": PROMPT},
            "preferred_output": [answer("ab")],
            "non_preferred_output": [answer("cd")],
        }
    ]
    job = trained(make(), request_of(tmp_path, "dpo", rows, beta=0.5, learning_rate=1e-3, epochs=1))
    base = -3 * math.log(tokenizer[1])
    good = score(service, tokenizer, job.model, "ab") - base
    bad = score(service, tokenizer, job.model, "cd") - base
    # At the start the margin is 0: the loss falls with the squared length of its gradient, beta/2 times that of the
    # difference of both scores, of which each of the six tokens contributes 1, but for what they share.
    assert good > 0 > bad
    loss = -math.log(1 / (1 + math.exp(-0.5 * (good - bad))))
    slope = 0.25**2 * squared_gradient(service.size)
    assert math.log(2) - loss == pytest.approx(1e-3 * slope, rel=0.01)


def squared_gradient(size):
    """Of score("ab") - score("cd") for uniform logits: after <assistant> both start, then each has a row of its own."""
    shared = 2.0
    own = (1 - 1 / size) ** 2 + (size - 1) / size**2
    return shared + 4 * own


def test_the_preferred_answer_keeps_its_likelihood_by_the_further_term(make, service, tokenizer, tmp_path):
    rows = [
        {
            "input": {"messages": PROMPT},
            "preferred_output": [answer("ab")],
            "non_preferred_output": [answer("ac")],
        }
    ]
    plain = trained(make(), request_of(tmp_path, "dpo", rows, key="p/0/a/1", epochs=5, learning_rate=0.5))
    mixed = trained(
        make(),
        request_of(tmp_path, "dpo", rows, key="m/0/a/1", epochs=5, learning_rate=0.5, nll_coefficient=1.0),
    )
    assert score(service, tokenizer, mixed.model, "ab") > score(service, tokenizer, plain.model, "ab")


@pytest.mark.parametrize("clip", [None, 0.2])
def test_policy_gradients_follow_the_advantage(make, service, tokenizer, tmp_path, clip):
    backend = make()
    samples = ask(backend, "bigram", logprobs=True).samples
    rows = [
        {
            "messages": PROMPT,
            "completion": sample.text,
            "tokens": sample.tokens,
            "logprobs": sample.logprobs,
            "advantage": 1.0 if number == 0 else -0.1,
        }
        for number, sample in enumerate(samples)
    ]
    job = trained(backend, request_of(tmp_path, "grpo", rows, clip=clip, learning_rate=0.5))

    def likelihood(sample, model):
        table = service.saved[model]
        tokens = [table.size - 1, *sample.tokens]  # <assistant> is the last of the vocabulary
        return sum(table.logprobs(one)[two] for one, two in pairwise(tokens))

    assert likelihood(samples[0], job.model) > sum(samples[0].logprobs)


def test_what_the_losses_cannot_say_is_refused(make, tmp_path):
    for method, options in (("rft", {}), ("grpo", {"kl_coefficient": 0.1})):
        with pytest.raises(ProviderError) as caught:
            call(make(), "submit", request_of(tmp_path, method, [], **options))
        assert caught.value.kind == "unsupported"


@pytest.mark.parametrize("fault", ["500-before", "500-after"])
@pytest.mark.parametrize(
    "path", ["create_model", "forward_backward", "optim_step", "save_weights_for_sampler"]
)
def test_a_step_whose_answer_got_lost_changes_nothing(make, service, tmp_path, path, fault):
    rows = [{"messages": [*PROMPT, answer(text)]} for text in ("abc", "xyz", "uvw", "rst", "opq", "lmn")]
    undisturbed = trained(make(), request_of(tmp_path, "sft", rows, key="first/0/a/1"))
    service.fails[path, service.asked[path] + 1] = fault
    backend = make()
    job = call(backend, "submit", request_of(tmp_path, "sft", rows, key="second/0/a/1"))
    failures = []
    while job.state != "succeeded":
        try:
            job = call(backend, "poll", job)
        except ProviderError as error:
            failures.append(error.kind)
    assert failures == ["server"]
    assert service.saved[job.model].table == service.saved[undisturbed.model].table


@pytest.mark.parametrize(
    "path", ["forward", "forward_backward", "optim_step", "save_weights", "retrieve_future"]
)
def test_a_step_that_is_held_up_is_made_once(make, service, tmp_path, path):
    rows = [
        {
            "input": {"messages": PROMPT},
            "preferred_output": [answer(good)],
            "non_preferred_output": [answer(bad)],
        }
        for good, bad in (("abc", "xyz"), ("uvw", "rst"), ("opq", "lmn"))
    ]
    undisturbed = trained(make(), request_of(tmp_path, "dpo", rows, key="first/0/a/1", epochs=2))
    backend = make()
    job = call(backend, "submit", request_of(tmp_path, "dpo", rows, key="second/0/a/1", epochs=2))
    job = call(backend, "poll", job)
    service.fails[path, service.asked[path] + 2 - (path == "save_weights")] = "429"
    failures, models = [], len(service.models)
    while job.state != "succeeded":
        try:
            job = call(backend, "poll", job)
        except ProviderError as error:
            failures.append(error.kind)
    assert failures == ([] if path == "retrieve_future" else ["rate_limit"])
    assert len(service.models) == models, "what was learnt so far is kept"
    assert service.saved[job.model].table == service.saved[undisturbed.model].table


def test_a_process_that_died_begins_its_job_again(make, service, tmp_path):
    rows = [{"messages": [*PROMPT, answer(text)]} for text in ("abc", "xyz", "uvw", "rst", "opq", "lmn")]
    undisturbed = trained(make(), request_of(tmp_path, "sft", rows, key="first/0/a/1"))
    dying = make()
    job = call(dying, "submit", request_of(tmp_path, "sft", rows, key="second/0/a/1"))
    call(dying, "poll", job)
    call(dying, "poll", job)
    living = make()
    found = call(living, "find", job.key)
    assert found.identifier == job.identifier
    while found.state != "succeeded":
        found = call(living, "poll", found)
    assert service.saved[found.model].table == service.saved[undisturbed.model].table


def test_the_key_stays_secret(make, service, monkeypatch):
    service.key = "another"
    with pytest.raises(ProviderError) as caught:
        ask(make(), "bigram")
    assert caught.value.kind == "auth"
    assert KEY not in f"{caught.value!r} {caught.value}"
    monkeypatch.delenv("TEST_TINKER_KEY")
    with pytest.raises(ConfigError, match="TEST_TINKER_KEY is not set"):
        make()


def test_a_tokenizer_that_cannot_be_read_is_named_with_what_to_do(tmp_path):
    (tmp_path / "config.json").write_text("no JSON")
    with pytest.raises(ConfigError, match=re.escape(str(tmp_path))) as refused:
        ChatTokenizer(str(tmp_path)).prompt([{"role": "user", "content": "hello"}])
    assert "backend.tokenizer" in refused.value.hint
