from __future__ import annotations

import asyncio
import json

import openai
import pytest
from plugins.locallm.tests.server.training_files import json_lines

BODY = {"model": "locallm", "messages": [{"role": "user", "content": "g4 h8 d7 a6 | 2"}], "seed": 1}


def line(identifier, **body):
    url = "/v1/chat/completions"
    return {"custom_id": identifier, "method": "POST", "url": url, "body": {**BODY, **body}}


@pytest.fixture
def batch_of(openai_client):
    def call(lines, cancel=False):
        async def run():
            async with openai_client() as client:
                file = await client.files.create(file=("rows.jsonl", json_lines(lines)), purpose="batch")
                batch = await client.batches.create(
                    input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
                )
                if cancel:
                    batch = await client.batches.cancel(batch.id)
                while batch.status not in {"completed", "failed", "cancelled"}:
                    await asyncio.sleep(0.02)
                    batch = await client.batches.retrieve(batch.id)
                contents = []
                for identifier in (batch.output_file_id, batch.error_file_id):
                    text = (await client.files.content(identifier)).text if identifier else ""
                    contents.append([json.loads(row) for row in text.splitlines()])
                return batch, *contents

        return asyncio.run(run())

    return call


def test_each_line_is_answered_or_told_what_is_wrong_with_it(batch_of):
    lines = [line(f"{i}", seed=i) for i in range(150)] + [line("n", n=0), line("s", stream=True)]
    batch, answers, errors = batch_of(lines)
    assert batch.status == "completed"
    assert batch.request_counts.model_dump() == {"total": 152, "completed": 150, "failed": 2}
    assert [answer["custom_id"] for answer in answers] == [str(i) for i in range(150)]
    assert {error["custom_id"]: error["response"]["status_code"] for error in errors} == {"n": 400, "s": 400}


def test_a_file_that_is_no_batch_fails_and_names_the_lines(batch_of):
    lines = [line("a"), line("a"), {**line("b"), "url": "/v1/embeddings"}, {"custom_id": "c"}]
    batch, answers, _ = batch_of(lines)
    assert batch.status == "failed"
    assert [error.line for error in batch.errors.data] == [2, 3, 4]
    assert answers == []


def test_a_cancelled_batch_keeps_the_answers_that_it_has(batch_of):
    lines = [line(f"{i}", seed=i) for i in range(3000)]
    batch, answers, _ = batch_of(lines, cancel=True)
    assert batch.status == "cancelled"
    assert len(answers) == batch.request_counts.completed < 3000


def test_only_batch_files_make_batches(openai_client):
    async def run():
        async with openai_client() as client:
            with pytest.raises(openai.BadRequestError, match="no such file"):
                await client.batches.create(
                    input_file_id="file-none", endpoint="/v1/chat/completions", completion_window="24h"
                )
            with pytest.raises(openai.NotFoundError):
                await client.batches.retrieve("batch_none")

    asyncio.run(run())
