from __future__ import annotations

import asyncio
import json

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkernel_locallm.generation.stop_watch import StopWatch
from mlkernel_locallm.pretraining.base_models import base_model
from mlkernel_locallm.server.chat.chat_stream import TextSoFar
from mlkernel_locallm.server.chat.generation_queue import Asked, GenerationQueue
from mlkernel_locallm.server.chat.json_grammar import GrammarState, _grammar
from mlkernel_locallm.server.http.api_error import ApiError
from mlkernel_locallm.server.model_shelf import ModelShelf
from mlkernel_locallm.server.store import resources
from mlkernel_locallm.server.store.database import Database

QUESTION = [{"role": "user", "content": "g4 h8 d7 a6 | 2"}]


@pytest.fixture
def ask(openai_client):
    def call(**fields):
        async def run():
            async with openai_client() as client:
                return await client.chat.completions.create(
                    **{"model": "locallm", "messages": QUESTION, **fields}
                )

        return asyncio.run(run())

    return call


def texts(answer):
    return [choice.message.content for choice in answer.choices]


def test_a_seed_makes_an_answer_repeatable_and_choices_differ(ask):
    answers = texts(ask(seed=5, n=16))
    assert texts(ask(seed=5, n=16)) == answers
    assert texts(ask(seed=5, n=3)) == answers[:3]
    assert len(set(answers)) > 1
    assert texts(ask(seed=6, n=16)) != answers


def test_an_answer_does_not_depend_on_what_is_asked_at_the_same_time(ask, openai_client):
    alone = [texts(ask(seed=seed, temperature=1.5)) for seed in range(20)]

    async def run():
        async with openai_client() as client:
            create = client.chat.completions.create
            asked = (
                create(model="locallm", messages=QUESTION, seed=seed, temperature=1.5) for seed in range(20)
            )
            return [texts(answer) for answer in await asyncio.gather(*asked)]

    assert asyncio.run(run()) == alone


def test_an_answer_ends_before_a_stop_string_and_at_its_limit(ask):
    whole = ask(temperature=0).choices[0]
    assert whole.finish_reason == "stop"
    text = whole.message.content
    stopped = ask(temperature=0, stop=[text[2:4]]).choices[0]
    assert (stopped.message.content, stopped.finish_reason) == (text[:2], "stop")
    cut = ask(temperature=0, max_tokens=2)
    assert (cut.choices[0].message.content, cut.choices[0].finish_reason) == (text[:2], "length")
    assert cut.usage.completion_tokens == 2


def test_log_probabilities_are_those_of_the_bytes_of_the_answer(ask):
    choice = ask(seed=1, logprobs=True, top_logprobs=20).choices[0]
    tokens = choice.logprobs.content
    assert bytes(byte for token in tokens for byte in token.bytes).decode() == choice.message.content
    for token in tokens:
        chances = [other.logprob for other in token.top_logprobs]
        assert chances == sorted(chances, reverse=True)
        same = [other.logprob for other in token.top_logprobs if other.bytes == token.bytes]
        # The sampler and the reader sum in another order, both of them in float64.
        assert not same or same[0] == pytest.approx(token.logprob, abs=1e-6)


@pytest.mark.parametrize("stop", [None, ["/"], ["h8", "/2"]])
def test_a_stream_spells_the_same_answer(ask, openai_client, stop):
    whole = ask(seed=2, n=4, stop=stop, logprobs=True)

    async def run():
        async with openai_client() as client:
            stream = await client.chat.completions.create(
                model="locallm", messages=QUESTION, seed=2, n=4, stop=stop, logprobs=True, stream=True
            )
            return [choice async for chunk in stream for choice in chunk.choices]

    parts = asyncio.run(run())
    for choice in whole.choices:
        mine = [part for part in parts if part.index == choice.index]
        assert "".join(part.delta.content or "" for part in mine) == choice.message.content
        assert mine[-1].finish_reason == choice.finish_reason
        assert mine[-1].logprobs.content == choice.logprobs.content


@given(st.text(), st.lists(st.text(min_size=1, max_size=3), max_size=3))
def test_a_stream_never_tells_what_a_stop_string_takes_back(text, stops):
    so_far, watch, told = TextSoFar(tuple(stops)), StopWatch(stops), ""
    for byte in text.encode():
        told += so_far.take(byte)
        if watch.is_hit_by(byte):
            break
    final = text.encode()[: watch.kept].decode() if watch.hit else text
    assert final.startswith(told)
    assert told + so_far.rest(final) == final


SCHEMA = {
    "type": "object",
    "properties": {"card": {"enum": ["g4", "h8"]}, "sure": {"type": "boolean"}},
    "required": ["card", "sure"],
    "additionalProperties": False,
}


def test_answers_conform_to_a_json_schema(ask):
    answer = ask(
        n=8,
        seed=1,
        temperature=2.0,
        response_format={"type": "json_schema", "json_schema": {"name": "card", "schema": SCHEMA}},
    )
    for choice in answer.choices:
        assert choice.finish_reason == "stop"
        value = json.loads(choice.message.content)
        assert value["card"] in {"g4", "h8"}
        assert value.keys() == {"card", "sure"}


def test_json_object_answers_are_json_unless_they_are_cut(ask):
    answer = ask(n=8, seed=1, temperature=2.0, max_tokens=40, response_format={"type": "json_object"})
    for choice in answer.choices:
        if choice.finish_reason == "stop":
            assert isinstance(json.loads(choice.message.content), dict)
        else:
            assert len(choice.message.content.encode()) <= 40


def test_a_grammar_lets_an_answer_end_only_when_it_is_complete():
    state = GrammarState(_grammar(SCHEMA))
    for byte in b'{"card":"g4","sure":true}':
        assert not state.is_complete
        allowed = state.allowed()
        assert allowed[byte]
        assert not allowed[256]
        state.take(byte)
    assert state.is_complete or state.allowed()[256]


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages", "invalid_value"),
        ({"messages": [{"role": "user", "content": "x" * 5000}]}, "messages", "context_length_exceeded"),
        ({"temperature": 3}, "temperature", "invalid_value"),
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"n": 0}, "n", "invalid_value"),
        ({"top_logprobs": 2}, "top_logprobs", "invalid_value"),
        ({"max_tokens": 3, "max_completion_tokens": 3}, "max_tokens", "invalid_value"),
        ({"stop": ["a"] * 5}, "stop", "invalid_value"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools", "unsupported_parameter"),
        ({"presence_penalty": 1.0}, "presence_penalty", "unsupported_parameter"),
        ({"extra_body": {"temprature": 1}}, "temprature", "unknown_parameter"),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "x", "schema": {"type": "wizard"}},
                }
            },
            "response_format",
            "invalid_json_schema",
        ),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(ask, fields, param, code):
    with pytest.raises(openai.BadRequestError) as raised:
        ask(**fields)
    assert (raised.value.param, raised.value.code) == (param, code)


def test_an_unknown_model_is_not_found(ask):
    with pytest.raises(openai.NotFoundError) as raised:
        ask(model="gpt-17")
    assert raised.value.code == "model_not_found"


def test_a_closed_queue_refuses_at_once(tmp_path, mixed_prompts):
    database = Database(tmp_path / "state.sqlite", resources.SCHEMA, durable=False)
    queue = GenerationQueue(ModelShelf(database, tmp_path / "models", {"base": base_model(None).path}))
    queue.close()
    with pytest.raises(ApiError, match="the server is closing") as refused:
        queue.ask(Asked(model="base", prompts=tuple(mixed_prompts[:1]))).result(timeout=1)
    assert refused.value.status == 503
    database.close()
