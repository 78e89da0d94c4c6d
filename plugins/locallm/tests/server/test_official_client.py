"""The official client drives every endpoint, with its strict validation of answers, over a socket and without one."""

from __future__ import annotations

import asyncio
import json

import openai
import pytest
from openai import AsyncOpenAI
from plugins.locallm.tests.server.conftest import in_process_client
from plugins.locallm.tests.server.training_files import demonstrations, json_lines, preferences, tasks

CHAT = [{"role": "system", "content": "You are a verifier."}, {"role": "user", "content": "g4 h8 d7 a6 | 2"}]
GRADER = {
    "type": "string_check",
    "name": "right",
    "operation": "like",
    "input": "{{ sample.output_text }}",
    "reference": "{{ item.answer }}",
}


@pytest.fixture(params=["asgi", "socket"])
def connect(request):
    if request.param == "asgi":
        server = request.getfixturevalue("server")
        return lambda: in_process_client(server)
    return request.getfixturevalue("process").async_client


def drive(connect, story):
    async def run():
        async with connect() as client:
            await story(client)

    asyncio.run(run())


async def ended(client: AsyncOpenAI, job):
    while job.status not in {"succeeded", "failed", "cancelled"}:
        await asyncio.sleep(0.02)
        job = await client.fine_tuning.jobs.retrieve(job.id)
    return job


async def upload(client: AsyncOpenAI, content: bytes, purpose: str = "fine-tune"):
    return await client.files.create(file=("rows.jsonl", content), purpose=purpose)


def test_models(connect):
    async def story(client):
        names = [model.id async for model in client.models.list()]
        assert "locallm" in names
        model = await client.models.retrieve("locallm")
        assert model.id == "locallm"
        with pytest.raises(openai.PermissionDeniedError):
            await client.models.delete("locallm")
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve("gpt-17")

    drive(connect, story)


def test_chat_completions(connect):
    async def story(client):
        answer = await client.chat.completions.create(
            model="locallm",
            messages=CHAT,
            n=2,
            seed=7,
            logprobs=True,
            top_logprobs=2,
            max_completion_tokens=20,
        )
        assert [choice.index for choice in answer.choices] == [0, 1]
        assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
        assert len(answer.choices[0].logprobs.content[0].top_logprobs) == 2
        chunks = await client.chat.completions.create(
            model="locallm",
            messages=CHAT,
            n=2,
            seed=7,
            max_tokens=20,
            stream=True,
            stream_options={"include_usage": True},
        )
        texts, usage = {0: "", 1: ""}, None
        async for chunk in chunks:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
        assert [texts[0], texts[1]] == [choice.message.content for choice in answer.choices]
        assert usage == answer.usage

    drive(connect, story)


def test_files(connect):
    async def story(client):
        content = demonstrations()
        file = await upload(client, content)
        assert file.bytes == len(content)
        assert (await client.files.retrieve(file.id)).filename == "rows.jsonl"
        assert (await client.files.content(file.id)).content == content
        assert file.id in [found.id async for found in client.files.list(purpose="fine-tune")]
        assert (await client.files.delete(file.id)).deleted
        with pytest.raises(openai.NotFoundError):
            await client.files.retrieve(file.id)

    drive(connect, story)


def test_a_supervised_job_from_file_to_answer(connect):
    async def story(client):
        jobs = client.fine_tuning.jobs
        file = await upload(client, demonstrations(answer="indeed"))
        job = await jobs.create(
            model="locallm",
            training_file=file.id,
            validation_file=file.id,
            suffix="polite",
            seed=3,
            metadata={"run": file.id},
            method={
                "type": "supervised",
                "supervised": {"hyperparameters": {"n_epochs": 20, "batch_size": 4}},
            },
        )
        assert [found.id async for found in jobs.list(metadata={"run": file.id})] == [job.id]
        assert job.id in [found.id async for found in jobs.list(limit=1)]
        job = await ended(client, job)
        assert job.status == "succeeded"
        assert job.trained_tokens > 0
        messages = [event.message async for event in jobs.list_events(job.id, limit=50)]
        assert messages[0] == "The job has successfully completed"
        steps = [checkpoint.step_number async for checkpoint in jobs.checkpoints.list(job.id, limit=1)]
        assert steps == [60, 57, 54]
        table = (await client.files.content(job.result_files[0])).text.splitlines()
        assert len(table) == 61
        tuned = await client.chat.completions.create(
            model=job.fine_tuned_model, messages=[{"role": "user", "content": "question 3"}], temperature=0
        )
        assert tuned.choices[0].message.content == "indeed"
        with pytest.raises(openai.BadRequestError, match="succeeded cannot cancel"):
            await jobs.cancel(job.id)
        assert (await client.models.delete(job.fine_tuned_model)).deleted

    drive(connect, story)


def test_jobs_are_paused_resumed_and_cancelled(connect):
    async def story(client):
        jobs = client.fine_tuning.jobs
        file = await upload(client, demonstrations())
        hyperparameters = {"n_epochs": 1000, "batch_size": 1}
        job = await jobs.create(model="locallm", training_file=file.id, hyperparameters=hyperparameters)
        paused = await jobs.pause(job.id)
        assert (paused.status, paused.paused) in {("validating_files", True), ("queued", True)}
        assert (await jobs.resume(job.id)).paused is False
        cancelled = await jobs.cancel(job.id)
        assert cancelled.status == "cancelled"
        assert cancelled.finished_at is not None

    drive(connect, story)


@pytest.mark.parametrize(
    ("method", "content"),
    [
        ({"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.2, "n_epochs": 1}}}, preferences()),
        (
            {
                "type": "reinforcement",
                "reinforcement": {
                    "grader": GRADER,
                    "hyperparameters": {"compute_multiplier": 0.25, "eval_interval": 1},
                },
            },
            tasks(),
        ),
    ],
    ids=["dpo", "reinforcement"],
)
def test_other_methods(connect, method, content):
    async def story(client):
        file = await upload(client, content)
        job = await client.fine_tuning.jobs.create(
            model="locallm", training_file=file.id, validation_file=file.id, method=method
        )
        job = await ended(client, job)
        assert job.status == "succeeded", job.error
        assert job.method.type == method["type"]

    drive(connect, story)


def test_graders(connect):
    async def story(client):
        graders = client.fine_tuning.alpha.graders
        assert (await graders.validate(grader=GRADER)).grader.name == "right"
        graded = await graders.run(grader=GRADER, item={"answer": "6"}, model_sample="it is 6")
        assert graded.reward == 1.0

    drive(connect, story)


def test_batches(connect):
    async def story(client):
        lines = [
            {
                "custom_id": f"r{i}",
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": {"model": "locallm" if i else "nobody", "messages": CHAT, "seed": i},
            }
            for i in range(4)
        ]
        file = await upload(client, json_lines(lines), "batch")
        batch = await client.batches.create(
            input_file_id=file.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={"run": "one"},
        )
        assert batch.id in [found.id async for found in client.batches.list(limit=1)]
        while batch.status not in {"completed", "failed"}:
            await asyncio.sleep(0.02)
            batch = await client.batches.retrieve(batch.id)
        assert batch.request_counts.completed == 3
        answers = (await client.files.content(batch.output_file_id)).text.splitlines()
        assert {json.loads(line)["custom_id"] for line in answers} == {"r1", "r2", "r3"}
        [error] = (await client.files.content(batch.error_file_id)).text.splitlines()
        assert json.loads(error)["response"]["status_code"] == 404
        with pytest.raises(openai.BadRequestError):
            await client.batches.cancel(batch.id)

    drive(connect, story)
