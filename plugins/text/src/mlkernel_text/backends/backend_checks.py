"""Checks of back ends: what jobs, answers and trainers rely on.

A back end that needs a provider is checked against the one that its options name, so give those: an address, a model,
the name of the variable that holds the key. A few short answers and one small job are asked for.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import evolve, frozen

from mlkernel import FineTuneJob, FineTuneRequest
from mlkernel.testing import Check, Component
from mlkernel.testing.check import expect
from mlkernel.testing.component_checks import component_checks
from mlkernel.testing.configured import configured
from mlkernel_text.backends.backend import Capabilities, SampleRequest, TextBackend
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.chat import ChatMessage

ENDED = {"succeeded", "failed", "cancelled"}
OUTCOMES = {"ok", "length", "refused", "filtered", "overlong", "error"}
JOB_SECONDS = 600.0
_CHAT = (
    ChatMessage(role="system", content="verifier"),
    ChatMessage(role="user", content="g4 h8 d7 a6 | 7 ? d"),
)


@frozen
class _Bench:
    """A back end that is checked, and how to make it anew as after a restart."""

    backend: TextBackend
    again: Callable[[], TextBackend]
    folder: Path
    model: str


_Story = Callable[[_Bench], Awaitable[None]]


def backend_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a back end."""
    yield from component_checks(component, overrides)
    for name, story in (
        ("says_what_it_can_do", _check_capabilities),
        ("gives_as_many_answers_as_asked", _check_answers),
        ("repeats_itself_for_a_seed", _check_seed),
        ("estimates_at_least_what_is_used", _check_estimate),
        ("finds_no_job_that_nobody_created", _check_unknown_job),
        ("refuses_methods_that_it_lacks", _check_refusal),
        ("takes_a_job_to_a_model_that_answers", _check_job),
        ("finds_its_jobs_after_a_restart", _check_restart),
    ):
        yield Check(name, partial(_tell, component, overrides, story))


def _tell(component: Component, overrides: Sequence[str], story: _Story) -> None:
    with TemporaryDirectory(prefix="mlkernel-checks-") as folder:
        context = BackendContext(directory=Path(folder) / "backend", run_id="checks", seed=0)

        def make() -> Any:
            return component.factory()(configured(component, overrides), context)

        async def run() -> None:
            backend = make()
            try:
                model = await backend.prepare(None)
                expect(isinstance(model, str) and bool(model), "prepare returns no name of a model")
                await story(_Bench(backend, make, Path(folder), model))
            finally:
                await backend.aclose()

        asyncio.run(run())


def _request(bench: _Bench, **changes: Any) -> SampleRequest:
    request = SampleRequest(
        key=f"checks/{time.time_ns()}", model=bench.model, chat=_CHAT, max_tokens=16, seed=7
    )
    return evolve(request, **changes)


async def _check_capabilities(bench: _Bench) -> None:
    """Trainers look at them before anything is asked."""
    expect(isinstance(bench.backend.capabilities, Capabilities), "capabilities is no Capabilities")
    expect(bool(bench.backend.name), "the back end has no name")


async def _check_answers(bench: _Bench) -> None:
    has = bench.backend.capabilities
    count = 3 if has.n else 1
    result = await bench.backend.sample(_request(bench, n=count, logprobs=has.logprobs))
    expect(len(result.samples) == count, f"{count} answers were asked for, and {len(result.samples)} came")
    for sample in result.samples:
        expect(sample.outcome in OUTCOMES, f"{sample.outcome!r} is no outcome")
        expect(sample.outcome == "ok" or bool(sample.problem), f"{sample.outcome} without a reason")
        if sample.tokens is not None and sample.logprobs is not None:
            expect(
                len(sample.tokens) == len(sample.logprobs), "tokens and log-probabilities differ in number"
            )


async def _check_seed(bench: _Bench) -> None:
    if bench.backend.capabilities.seed:
        first, second = [await bench.backend.sample(_request(bench)) for _ in range(2)]
        expect(first.samples == second.samples, "equal requests with a seed are answered differently")


async def _check_estimate(bench: _Bench) -> None:
    request = _request(bench)
    most = bench.backend.estimate(request)
    usage = (await bench.backend.sample(request)).usage
    if usage is not None:
        used = usage.prompt_tokens + usage.completion_tokens
        expect(most.tokens >= used, f"a budget of {most.tokens} tokens was passed: {used} were used")


async def _check_unknown_job(bench: _Bench) -> None:
    if bench.backend.capabilities.methods:
        found = await bench.backend.find("checks/nobody/created/this/1")
        expect(found is None, f"a job was found that nobody created: {found}")


async def _check_refusal(bench: _Bench) -> None:
    for method in sorted({"sft", "dpo", "rft", "grpo"} - bench.backend.capabilities.methods):
        try:
            await bench.backend.submit(_job_request(bench, method=method), "nothing")
        except ProviderError as error:
            expect(error.kind == "unsupported", f"{method} is refused as {error.kind}, not as unsupported")
        else:
            expect(False, f"a job by {method} was created, which capabilities.methods does not name")


async def _check_job(bench: _Bench) -> None:
    if "sft" not in bench.backend.capabilities.methods:
        return
    job = await _ended(bench, await _created(bench))
    expect(job.state == "succeeded" and job.model is not None, f"the job {job.state}: {job.message}")
    assert job.model is not None, "it was just expected"
    name = await _patiently(lambda: bench.backend.ensure_servable(str(job.model)))
    result = await bench.backend.sample(_request(bench, model=name))
    expect(len(result.samples) == 1, "the tuned model does not answer")


async def _check_restart(bench: _Bench) -> None:
    if "sft" not in bench.backend.capabilities.methods:
        return
    job = await _created(bench)
    other = bench.again()
    try:
        found = await other.find(job.key)
    finally:
        await other.aclose()
    expect(found is not None, "a job is not found by its key, so that a lost answer would make a second one")
    assert found is not None, "it was just expected"
    expect(found.identifier == job.identifier, f"{found.identifier} is found in place of {job.identifier}")
    if bench.backend.capabilities.cancel:
        await bench.backend.cancel(found)


def _job_request(bench: _Bench, **changes: Any) -> FineTuneRequest:
    rows = max(12, bench.backend.capabilities.min_rows)
    path = bench.folder / "rows.jsonl"
    answer = {"role": "assistant", "content": "d7/7 yes"}
    path.write_text((json.dumps({"messages": [*_CHAT, answer]}) + "\n") * rows, encoding="utf-8")
    request = FineTuneRequest(
        key=f"checks/{time.time_ns()}/0000/verifier/1",
        provider=bench.backend.name,
        model=bench.model,
        method="sft",
        training_file=path,
        rows=rows,
        options={"epochs": 1},
    )
    return evolve(request, **changes)


async def _created(bench: _Bench) -> FineTuneJob:
    request = _job_request(bench)
    job = await bench.backend.submit(request, await bench.backend.upload(request))
    expect(job.key == request.key, f"the job has the key {job.key!r}, not {request.key!r}")
    expect(bool(job.identifier), "the job has no identifier")
    return job


async def _ended(bench: _Bench, job: FineTuneJob) -> FineTuneJob:
    end = time.monotonic() + JOB_SECONDS
    while job.state not in ENDED:
        expect(time.monotonic() < end, f"the job is still {job.state} after {JOB_SECONDS:g} seconds")
        await asyncio.sleep(0.2)
        job = await bench.backend.poll(job)
    return job


async def _patiently(call: Callable[[], Awaitable[str]]) -> str:
    """Call again as long as the provider asks to wait."""
    end = time.monotonic() + JOB_SECONDS
    while True:
        try:
            return await call()
        except ProviderError as error:
            if error.retry_after is None or time.monotonic() > end:
                raise
            await asyncio.sleep(error.retry_after)
