"""The embedded back end: answers, and jobs that end whatever happens to the process."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from structlog.testing import capture_logs

from mlkernel import FineTuneJob, FineTuneRequest
from mlkernel_locallm.backend.locallm_backend import LocalLmBackend
from mlkernel_locallm.backend.locallm_config import LocalLmConfig
from mlkernel_text.backends.backend import SampleRequest
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.backends.training_file import training_lines
from mlkernel_text.scenarios.cards import Cards


@asynccontextmanager
async def backend(folder: Path, **options: Any) -> AsyncIterator[tuple[LocalLmBackend, str]]:
    context = BackendContext(directory=folder, run_id="test", seed=0)
    made = LocalLmBackend(LocalLmConfig(**options), context)
    try:
        yield made, await made.prepare(None)
    finally:
        await made.aclose()


async def ended(backend: LocalLmBackend, job: FineTuneJob) -> FineTuneJob:
    while job.state in ("pending", "running"):
        await asyncio.sleep(0.02)
        job = await backend.poll(job)
    return job


@pytest.fixture
def request_for(tmp_path: Path, demonstrations: list[dict[str, Any]]) -> Callable[..., FineTuneRequest]:
    def make(model: str, *, rows: list[dict[str, Any]] | None = None, **changes: Any) -> FineTuneRequest:
        file = tmp_path / "rows.jsonl"
        file.write_text("\n".join(json.dumps(row) for row in rows or demonstrations), encoding="utf-8")
        request = FineTuneRequest(
            key="run/0000/verifier/0",
            provider="locallm",
            model=model,
            method="sft",
            training_file=file,
            seed=4,
        )
        return evolve(request, **changes)

    return make


def requests(cards: Cards, model: str, count: int) -> list[SampleRequest]:
    instances = cards.instances("test")[:count]
    return [
        SampleRequest(
            key=instance.id,
            model=model,
            chat=cards.begin(instance, 0).turns()[0].chat,
            n=1 + index % 3,
            seed=index,
            max_tokens=20,
            logprobs=index % 2 == 0,
        )
        for index, instance in enumerate(instances)
    ]


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_answers_are_the_same_one_by_one_and_all_at_once(tmp_path: Path, cards: Cards) -> None:
    async def work() -> None:
        async with backend(tmp_path) as (locallm, model):
            asked = requests(cards, model, 60)
            together = await asyncio.gather(*(locallm.sample(request) for request in asked))
            assert [await locallm.sample(request) for request in asked[:12]] == together[:12]
            for request, result in zip(asked, together, strict=True):
                assert len(result.samples) == request.n
                assert result.usage is not None
                assert result.usage.completion_tokens > 0
                assert all((sample.tokens is None) == (not request.logprobs) for sample in result.samples)
            siblings = [{sample.text for sample in result.samples} for result in together]
            assert any(len(texts) > 1 for texts in siblings)

    run(work())


def test_an_answer_that_is_cut_and_a_chat_that_does_not_fit_are_outcomes(
    tmp_path: Path, cards: Cards
) -> None:
    async def work() -> None:
        async with backend(tmp_path) as (locallm, model):
            request = requests(cards, model, 1)[0]
            cut = await locallm.sample(evolve(request, max_tokens=1))
            assert cut.samples[0].outcome == "length"
            huge = await locallm.sample(evolve(request, n=2, chat=({"role": "user", "content": "x" * 5000},)))
            assert [sample.outcome for sample in huge.samples] == ["overlong", "overlong"]

    run(work())


def test_an_unknown_model_is_not_found(tmp_path: Path, cards: Cards) -> None:
    async def work() -> None:
        async with backend(tmp_path) as (locallm, _):
            with pytest.raises(ProviderError, match="no model 'ghost'") as caught:
                await locallm.sample(requests(cards, "ghost", 1)[0])
            assert caught.value.kind == "not_found"

    run(work())


def test_a_job_makes_a_model_that_answers_otherwise(
    tmp_path: Path, cards: Cards, request_for: Callable[..., FineTuneRequest]
) -> None:
    async def work() -> None:
        async with backend(tmp_path / "b", step_checkpoints=2) as (locallm, model):
            request = request_for(model, options={"epochs": 3, "batch_size": 16, "learning_rate": None})
            assert await locallm.find(request.key) is None
            job = await ended(locallm, await locallm.submit(request))
            assert (job.state, job.key) == ("succeeded", request.key)
            assert job.trained_tokens
            assert await locallm.find(request.key) == job
            assert job.model is not None
            tuned = await locallm.ensure_servable(job.model)
            asked = requests(cards, model, 20)
            before = [await locallm.sample(one) for one in asked]
            assert before != [await locallm.sample(evolve(one, model=tuned)) for one in asked]
            assert [point["step"] for point in await locallm.checkpoints(job)] == [2, 4, 6, 8]
            events = await locallm.events(job)
            assert events[-1]["message"] == "succeeded"
            assert await locallm.events(job, after=events[-2]["id"]) == events[-1:]
            onward = await locallm.submit(evolve(request, key="next", model=tuned))
            assert (await ended(locallm, onward)).model not in (tuned, None)

    run(work())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"rows": [{"messages": []}]}, "row 1"),
        ({"options": {"speed": 1}}, "unknown option"),
        ({"method": "magic"}, "no method of tuning 'magic'"),
        ({"method": "rft", "rows": [{"messages": [{"role": "user", "content": "x"}]}]}, "needs a grader"),
    ],
)
def test_a_request_that_cannot_be_carried_out_makes_no_job(
    tmp_path: Path, request_for: Callable[..., FineTuneRequest], changes: dict[str, Any], problem: str
) -> None:
    async def work() -> None:
        async with backend(tmp_path / "b") as (locallm, model):
            request = request_for(model, **changes)
            with pytest.raises(ProviderError, match=problem) as caught:
                await locallm.submit(request)
            assert caught.value.kind == "bad_request"
            assert await locallm.find(request.key) is None

    run(work())


@pytest.mark.parametrize("method", ["sft", "dpo", "rft"])
def test_a_job_takes_no_more_tokens_than_was_estimated(
    tmp_path: Path, request_for: Callable[..., FineTuneRequest], method: str
) -> None:
    asked = {"role": "user", "content": "long " * 300}
    yes, no = ({"role": "assistant", "content": text} for text in ("yes", "no"))
    rows = {
        "sft": {"messages": [asked, yes]},
        "dpo": {"input": {"messages": [asked]}, "preferred_output": [yes], "non_preferred_output": [no]},
        "rft": {"messages": [asked]},
    }
    grader = {"type": "string_check", "name": "a", "input": "a", "operation": "eq", "reference": "a"}
    options = {"grader": grader} if method == "rft" else {}

    async def work() -> None:
        async with backend(tmp_path / "b") as (locallm, model):
            request = request_for(model, rows=[rows[method]] * 3, method=method, options=options)
            request = evolve(request, rows=3)
            job = await ended(locallm, await locallm.submit(request))
            assert (job.state, job.message) == ("succeeded", None)
            assert job.trained_tokens is not None
            assert job.trained_tokens <= locallm.estimate(request).tokens

    run(work())


def test_a_training_file_may_hold_every_character(
    tmp_path: Path, request_for: Callable[..., FineTuneRequest]
) -> None:
    text = "".join(map(chr, (*range(0x21), 0x85, 0x2028, 0x2029, 0x1F600)))
    row = {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": text}]}

    async def work() -> None:
        async with backend(tmp_path / "b") as (locallm, model):
            request = request_for(model)
            request.training_file.write_text(training_lines([row] * 3), encoding="utf-8")
            job = await ended(locallm, await locallm.submit(request))
            assert (job.state, job.message) == ("succeeded", None)

    run(work())


def test_options_of_this_back_end_alone_are_followed(
    tmp_path: Path, request_for: Callable[..., FineTuneRequest]
) -> None:
    async def work() -> None:
        async with backend(tmp_path / "b", step_checkpoints=1) as (locallm, model):
            options = {"epochs": 3, "provider_options": {"steps": 2}}
            job = await ended(locallm, await locallm.submit(request_for(model, options=options)))
            assert [point["step"] for point in await locallm.checkpoints(job)] == [1, 2]

    run(work())


def test_a_job_that_fails_says_why(tmp_path: Path, request_for: Callable[..., FineTuneRequest]) -> None:
    async def work() -> None:
        async with backend(tmp_path / "b") as (locallm, _):
            job = await ended(locallm, await locallm.submit(request_for("ghost")))
            assert job.state == "failed"
            assert job.message is not None
            assert "no model 'ghost'" in job.message

    run(work())


def test_a_cancelled_job_stays_cancelled(tmp_path: Path, request_for: Callable[..., FineTuneRequest]) -> None:
    async def work() -> None:
        async with backend(tmp_path / "b") as (locallm, model):
            job = await locallm.submit(request_for(model, options={"epochs": 5000}))
            cancelled = await locallm.cancel(job)
            assert cancelled.state == "cancelled"
            assert (await locallm.poll(job)).state == "cancelled"
            assert (await locallm.cancel(cancelled)).state == "cancelled"

    run(work())


def test_a_grader_of_the_servers_kind_is_followed(
    tmp_path: Path, request_for: Callable[..., FineTuneRequest], demonstrations: list[dict[str, Any]]
) -> None:
    grader = {
        "type": "string_check",
        "name": "yes",
        "input": "{{sample.output_text}}",
        "operation": "like",
        "reference": "yes",
    }

    async def work() -> None:
        async with backend(tmp_path / "b") as (locallm, model):
            rows = [{"messages": row["messages"][:-1]} for row in demonstrations]
            options = {"grader": grader, "epochs": 3, "batch_size": 10, "max_tokens": 12}
            job = await ended(
                locallm, await locallm.submit(request_for(model, rows=rows, method="rft", options=options))
            )
            assert (job.state, job.message) == ("succeeded", None)
            refused = request_for(
                model, key="2", rows=rows, method="rft", options={"grader": {**grader, "type": "score_model"}}
            )
            with pytest.raises(ProviderError, match="grader"):
                await locallm.submit(refused)

    run(work())


SCRIPT = """
import asyncio, sys
from pathlib import Path
from mlkernel import FineTuneRequest
from mlkernel_locallm.backend.locallm_backend import LocalLmBackend
from mlkernel_locallm.backend.locallm_config import LocalLmConfig
from mlkernel_text.backends.backend_context import BackendContext

async def work():
    context = BackendContext(directory=Path(sys.argv[1]), run_id="test", seed=0)
    backend = LocalLmBackend(LocalLmConfig(step_checkpoints=3), context)
    model = await backend.prepare(None)
    await backend.submit(FineTuneRequest(key="k", provider="locallm", model=model, method="sft",
        training_file=Path(sys.argv[2]), options={"epochs": 16, "batch_size": 16}))
    await asyncio.sleep(1000)

asyncio.run(work())
"""


def test_a_job_whose_process_was_killed_is_done_again_and_ends_the_same(
    tmp_path: Path, request_for: Callable[..., FineTuneRequest]
) -> None:
    request = request_for("", key="k", options={"epochs": 16, "batch_size": 16})
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(killed), str(request.training_file)])
    while not list(killed.glob("models/*-step-6.safetensors")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()

    async def work() -> None:
        async with backend(whole) as (locallm, model):
            expected = await ended(locallm, await locallm.submit(evolve(request, model=model, seed=0)))
        assert not (killed / "models" / f"{expected.model}.safetensors").exists()
        async with backend(killed) as (locallm, _):
            found = await locallm.find("k")
            assert found is not None
            assert await ended(locallm, found) == evolve(expected, uploaded=found.uploaded)
        models = [folder / "models" / f"{expected.model}.safetensors" for folder in (killed, whole)]
        assert models[0].read_bytes() == models[1].read_bytes()

    run(work())


def test_a_process_that_closes_leaves_its_jobs_to_the_next(
    tmp_path: Path, request_for: Callable[..., FineTuneRequest]
) -> None:
    async def work() -> None:
        async with backend(tmp_path / "b") as (locallm, model):
            job = await locallm.submit(request_for(model, options={"epochs": 30}))
        async with backend(tmp_path / "b") as (locallm, model):
            found = await locallm.find(job.key)
            assert found is not None
            assert (await ended(locallm, found)).state == "succeeded"

    run(work())


def test_a_scenario_that_the_shipped_weights_do_not_know_is_warned_of(tmp_path: Path, cards: Cards) -> None:
    def told(curriculum: Any) -> list[Any]:
        async def work() -> None:
            context = BackendContext(directory=tmp_path, run_id="test", seed=0)
            made = LocalLmBackend(LocalLmConfig(), context)
            await made.prepare(curriculum)
            await made.aclose()

        with capture_logs() as logged:
            run(work())
        return logged

    assert told(cards.curriculum) == []
    (warning,) = told(None)
    assert "the card game only" in warning["event"]
    assert "backend=openai" in warning["hint"]
