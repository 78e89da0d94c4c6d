from __future__ import annotations

import asyncio
import re

import openai
import pytest
from plugins.locallm.tests.server.training_files import demonstrations, json_lines, preferences, tasks

STRING_CHECK = {
    "type": "string_check",
    "name": "same",
    "operation": "eq",
    "input": "{{ sample.output_text }}",
    "reference": "{{ item.answer }}",
}


@pytest.fixture
def story(openai_client):
    def tell(story):
        async def run():
            async with openai_client() as client:
                return await story(client)

        return asyncio.run(run())

    return tell


async def submit(client, content, **fields):
    file = await client.files.create(file=("rows.jsonl", content), purpose="fine-tune")
    return await client.fine_tuning.jobs.create(**{"model": "locallm", "training_file": file.id, **fields})


async def ended(client, job):
    while job.status not in {"succeeded", "failed", "cancelled"}:
        await asyncio.sleep(0.02)
        job = await client.fine_tuning.jobs.retrieve(job.id)
    return job


def row(*roles, **fields):
    return {"messages": [{"role": role, "content": "x"} for role in roles], **fields}


@pytest.mark.parametrize(
    ("content", "method", "code", "message"),
    [
        (demonstrations(9), "supervised", "invalid_n_examples", "has 9 example.*at least 10"),
        (
            demonstrations(10) + json_lines([row("user")]),
            "supervised",
            "invalid_training_file",
            "line 11: .*no answer",
        ),
        (
            b"\n\n" + demonstrations(10) + json_lines([row("wizard", "assistant")]),
            "supervised",
            "invalid_training_file",
            "line 13: .*wizard",
        ),
        (demonstrations(10, "x" * 3000), "supervised", "invalid_training_file", "line 1: it has 30.. tokens"),
        (
            preferences(10) + json_lines([{"input": {"messages": []}}]),
            "dpo",
            "invalid_training_file",
            "line 11: ",
        ),
        (demonstrations(10), "dpo", "invalid_training_file", "line 1: 'input' is missing"),
    ],
)
def test_a_file_that_cannot_be_used_fails_the_job_and_names_the_line(story, content, method, code, message):
    async def run(client):
        return await ended(client, await submit(client, content, method={"type": method}))

    job = story(run)
    assert (job.status, job.error.code, job.error.param) == ("failed", code, "training_file")
    assert re.search(message, job.error.message)


def test_a_file_that_is_no_jsonl_is_refused_when_it_is_uploaded(story):
    async def run(client):
        for content, message in ((b'{"a": 1}\n{"b"\n', "Line 2"), (b"[]\n", "Line 1"), (b"\n\n", "no line")):
            with pytest.raises(openai.BadRequestError, match=message):
                await client.files.create(file=("rows.jsonl", content), purpose="fine-tune")
        with pytest.raises(openai.BadRequestError, match="purpose"):
            await client.files.create(file=("rows.jsonl", b"{}\n"), purpose="vision")

    story(run)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"training_file": "file-nothing"}, "training_file"),
        ({"integrations": [{"type": "wandb", "wandb": {"project": "x"}}]}, "integrations"),
        ({"suffix": "x" * 65}, "suffix"),
        ({"metadata": {str(i): "x" for i in range(17)}}, "metadata"),
        ({"metadata": {"k" * 65: "x"}}, "metadata." + "k" * 64),
        ({"metadata": {"k": "x" * 513}}, "metadata.k"),
        ({"hyperparameters": {"n_epochs": 0}}, "hyperparameters.n_epochs"),
        ({"method": {"type": "wizard"}}, "method.type"),
        ({"method": {"type": "dpo"}, "hyperparameters": {"n_epochs": 1}}, "hyperparameters"),
        ({"method": {"type": "reinforcement"}}, "method.reinforcement.grader"),
        ({"method": {"type": "reinforcement", "reinforcement": {"grader": STRING_CHECK}}}, "validation_file"),
        (
            {"method": {"type": "dpo", "dpo": {"hyperparameters": {"gamma": 1}}}},
            "method.dpo.hyperparameters.gamma",
        ),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(story, fields, param):
    async def run(client):
        with pytest.raises(openai.BadRequestError) as raised:
            await submit(client, demonstrations(), **fields)
        return raised.value.param

    assert story(run) == param


def test_an_unknown_model_cannot_be_tuned(story):
    async def run(client):
        with pytest.raises(openai.NotFoundError):
            await submit(client, demonstrations(), model="nobody")

    story(run)


def test_hyperparameters_may_be_left_to_the_server(story):
    async def run(client):
        automatic = {"n_epochs": "auto", "batch_size": "auto", "learning_rate_multiplier": "auto"}
        job = await submit(client, demonstrations(), hyperparameters=automatic)
        await client.fine_tuning.jobs.cancel(job.id)
        return job.hyperparameters

    assert isinstance(story(run).n_epochs, int)


def test_reinforcement_raises_the_reward(story):
    async def run(client):
        file = await client.files.create(file=("rows.jsonl", tasks(12)), purpose="fine-tune")
        grader = {**STRING_CHECK, "operation": "like", "reference": "a"}
        hyperparameters = {"n_epochs": 4, "batch_size": 12, "learning_rate_multiplier": 4}
        method = {
            "type": "reinforcement",
            "reinforcement": {"grader": grader, "hyperparameters": hyperparameters},
        }
        job = await submit(client, tasks(12), validation_file=file.id, method=method, seed=1)
        job = await ended(client, job)
        assert job.status == "succeeded", job.error
        events = [event async for event in client.fine_tuning.jobs.list_events(job.id, limit=100)]
        return [event.data["train_mean_reward"] for event in reversed(events) if event.data]

    rewards = story(run)
    assert rewards[-1] > rewards[0] + 0.2


def test_a_grader_that_always_fails_ends_the_job_with_its_own_words(story):
    async def run(client):
        file = await client.files.create(file=("rows.jsonl", tasks(12)), purpose="fine-tune")
        grader = {
            "type": "python",
            "name": "broken",
            "source": "def grade(sample, item):\n    return 1 / 0\n",
        }
        method = {"type": "reinforcement", "reinforcement": {"grader": grader}}
        job = await ended(client, await submit(client, tasks(12), validation_file=file.id, method=method))
        return job.status, job.error

    status, error = story(run)
    assert (status, error.code, error.param) == ("failed", "invalid_grader", "grader")
    assert error.message.startswith("the grader failed on every answer")
    assert "ZeroDivisionError" in error.message


def test_a_tuned_model_can_be_tuned_further_and_is_kept_while_it_is(story):
    async def run(client):
        first = await ended(client, await submit(client, demonstrations(answer="one"), suffix="one"))
        long = {"n_epochs": 1000, "batch_size": 1}
        second = await submit(client, demonstrations(), model=first.fine_tuned_model, hyperparameters=long)
        for delete in (
            client.models.delete(first.fine_tuned_model),
            client.files.delete(second.training_file),
        ):
            with pytest.raises(openai.ConflictError, match=second.id):
                await delete
        await client.fine_tuning.jobs.cancel(second.id)
        third = await submit(client, demonstrations(), model=first.fine_tuned_model, suffix="two")
        third = await ended(client, third)
        assert third.fine_tuned_model.startswith("ft:locallm:local:two:")
        assert (await client.models.delete(first.fine_tuned_model)).deleted

    story(run)


def test_commands_may_be_repeated(story):
    async def run(client):
        jobs = client.fine_tuning.jobs
        job = await submit(client, demonstrations(), hyperparameters={"n_epochs": 1000, "batch_size": 1})
        for command, paused in (
            (jobs.pause, True),
            (jobs.pause, True),
            (jobs.resume, False),
            (jobs.resume, False),
        ):
            assert (await command(job.id)).paused is paused
        for _ in range(2):
            assert (await jobs.cancel(job.id)).status == "cancelled"
        with pytest.raises(openai.BadRequestError):
            await jobs.resume(job.id)
        told = [event.message async for event in jobs.list_events(job.id)]
        assert told.count("The job was paused") == told.count("The job was cancelled") == 1
        with pytest.raises(openai.NotFoundError):
            await jobs.pause("ftjob-nothing")

    story(run)
