from __future__ import annotations

import asyncio
from itertools import count

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugins.locallm.tests.server.training_files import demonstrations, json_lines

QUESTION = [{"role": "user", "content": "g4 h8 d7 a6 | 2"}]
keys = (f"key {number}" for number in count())


def chat(**fields):
    return {"model": "locallm", "messages": QUESTION, "max_tokens": 5, **fields}


def run(http, story):
    async def tell():
        async with http() as client:
            return await story(client)

    return asyncio.run(tell())


bodies = st.sampled_from([chat(), chat(temperature=2), chat(n=2), chat(stream=True)])


@settings(max_examples=30)
@given(data=st.lists(st.tuples(st.integers(0, 2), bodies), min_size=1, max_size=6), together=st.booleans())
def test_one_key_has_one_body_and_one_answer(server, data, together):
    """Whatever is sent in whatever order: the first body of a key is answered always alike, others never."""
    mine = [next(keys) for _ in range(3)]

    async def story(client):
        async def post(index, body):
            headers = {"Idempotency-Key": mine[index]}
            answer = await client.post("/chat/completions", json=body, headers=headers)
            return index, body, answer

        if together:
            return await asyncio.gather(*(post(*sent) for sent in data))
        return [await post(*sent) for sent in data]

    transport = httpx2.ASGITransport(server.app())
    answers = run(lambda: httpx2.AsyncClient(transport=transport, base_url="http://local/v1"), story)
    accepted: dict[int, tuple[object, bytes]] = {}
    for index, body, answer in answers:
        if index not in accepted:
            accepted[index] = (body, answer.content)
        first, content = accepted[index]
        if body == first:
            assert (answer.status_code, answer.content) == (200, content)
        else:
            assert answer.status_code == 422
            assert answer.json()["error"]["code"] == "idempotency_key_reused"


def test_a_body_is_the_same_however_it_is_written(http):
    async def story(client):
        headers = {"Idempotency-Key": next(keys)}
        first = await client.post("/chat/completions", json=chat(), headers=headers)
        backwards = dict(reversed(chat().items()))
        second = await client.post("/chat/completions", json=backwards, headers=headers)
        return first.content, second.content

    first, second = run(http, story)
    assert first == second


def test_what_failed_may_be_tried_again_with_the_same_key(http):
    async def story(client):
        headers = {"Idempotency-Key": next(keys)}
        refused = await client.post("/chat/completions", json=chat(n=0), headers=headers)
        answered = await client.post("/chat/completions", json=chat(), headers=headers)
        return refused.status_code, answered.status_code

    assert run(http, story) == (400, 200)


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_a_length(http, key):
    async def story(client):
        return await client.post("/chat/completions", json=chat(), headers={"Idempotency-Key": key})

    assert run(http, story).status_code == 400


async def twice(client, path, **arguments):
    """The same request at the same time, and once more; the answer and how many there are."""
    headers = {"Idempotency-Key": next(keys)}
    both = await asyncio.gather(*(client.post(path, headers=headers, **arguments) for _ in range(2)))
    answers = [*both, await client.post(path, headers=headers, **arguments)]
    assert {answer.status_code for answer in answers} == {200}, answers[0].text
    assert len({answer.content for answer in answers}) == 1
    return answers[0].json()


def test_every_post_is_done_once(http):
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": chat()}
    grader = {"type": "string_check", "name": "x", "operation": "eq", "input": "a", "reference": "a"}

    async def story(client):
        async def number_of(path):
            return len((await client.get(path)).json()["data"])

        files, jobs, batches = (
            await number_of("/files"),
            await number_of("/fine_tuning/jobs"),
            await number_of("/batches"),
        )
        upload = {"files": {"file": ("a.jsonl", demonstrations())}, "data": {"purpose": "fine-tune"}}
        file = await twice(client, "/files", **upload)
        batch_upload = {"files": {"file": ("a.jsonl", json_lines([line]))}, "data": {"purpose": "batch"}}
        batch_file = await twice(client, "/files", **batch_upload)
        body = {"model": "locallm", "training_file": file["id"], "hyperparameters": {"n_epochs": 500}}
        job = await twice(client, "/fine_tuning/jobs", json=body)
        for command in ("pause", "resume", "cancel"):
            await twice(client, f"/fine_tuning/jobs/{job['id']}/{command}")
        await twice(client, "/fine_tuning/alpha/graders/run", json={"grader": grader, "model_sample": "a"})
        await twice(client, "/fine_tuning/alpha/graders/validate", json={"grader": grader})
        asked = {
            "input_file_id": batch_file["id"],
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
        }
        batch = await twice(client, "/batches", json=asked)
        while (await client.get(f"/batches/{batch['id']}")).json()["status"] != "completed":  # noqa: ASYNC110 - as clients do
            await asyncio.sleep(0.02)
        # The batch made one file of its own, its output.
        assert await number_of("/files") == files + 3
        assert await number_of("/fine_tuning/jobs") == jobs + 1
        assert await number_of("/batches") == batches + 1

    run(http, story)
