"""Answers that were paid for are found by everything that they depend on, and by nothing else."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugins.text.tests.answers.paid_provider import PaidProvider
from plugins.text.tests.answers.test_limiter import request
from plugins.text.tests.answers.virtual_time import run_virtually

from mlkernel import StorageError, UsageError
from mlkernel_text.answers.answer_service import AnswerService
from mlkernel_text.answers.answer_store import AnswerStore, KeptAnswer, request_digest
from mlkernel_text.answers.budget import Budget
from mlkernel_text.answers.limits_config import LimitsConfig
from mlkernel_text.backends.backend import Sample, SampleRequest, SampleResult, Usage
from mlkernel_text.backends.errors import ProviderError

CHANGES: list[dict[str, Any]] = [
    {"model": "other"},
    {"chat": ({"role": "user", "content": "question 1"},)},
    {"chat": ({"role": "system", "content": "question 0"},)},
    {"chat": ({"role": "user", "content": ""}, {"role": "user", "content": "question 0"})},
    {"temperature": 0.5},
    {"top_p": 0.5},
    {"max_tokens": 11},
    {"stop": ("x",)},
    {"seed": 1},
    {"seed": None},
    {"logprobs": True},
    {"extra": {"a": 1}},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_whatever_changes_the_answer_changes_the_digest(change: dict[str, Any]) -> None:
    assert request_digest("a", request(0)) != request_digest("a", request(0, **change))


def test_key_and_count_do_not() -> None:
    assert request_digest("a", request(0)) == request_digest("a", request(0, key="other", n=4))
    assert request_digest("a", request(0)) != request_digest("b", request(0))
    assert request_digest("a", request(0, extra={"a": 1, "b": 2})) == request_digest(
        "a", request(0, extra={"b": 2, "a": 1})
    )


@settings(max_examples=50)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"])),
    problem=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    tokens=st.none() | st.lists(st.integers(0, 10**6), max_size=5).map(tuple),
    logprobs=st.none() | st.lists(st.floats(max_value=0, allow_nan=False), max_size=5).map(tuple),
)
def test_an_answer_comes_back_as_it_was(tmp_path_factory: Any, **content: Any) -> None:
    path = tmp_path_factory.mktemp("store") / "answers.sqlite"
    kept = KeptAnswer(
        Sample(outcome="length", **content), Usage(prompt_tokens=3, completion_tokens=4, cost=0.1)
    )
    store = AnswerStore(path)
    store.save(b"digest", {1: kept})
    store.close()
    again = AnswerStore(path)
    assert again.find(b"digest", 5) == {1: kept}
    assert again.find(b"digest", 1) == {}
    again.close()


def asked_twice(folder: Path, first: PaidProvider, second: PaidProvider, *counts: int) -> list[SampleResult]:
    """One question asked for ``counts`` answers, by processes that follow each other."""

    async def asking(provider: PaidProvider, count: int) -> SampleResult:
        store, budget = AnswerStore(folder / "answers.sqlite"), Budget(folder / "budget.sqlite")
        answers = AnswerService(provider, store=store, budget=budget, options=LimitsConfig(max_retries=0))
        try:
            return await answers.answer(request(0, n=count))
        finally:
            store.close()
            budget.close()

    return [run_virtually(asking(*each)) for each in zip((first, second), counts, strict=True)]


def test_answers_and_their_usage_are_the_same_the_second_time(tmp_path: Path) -> None:
    second = PaidProvider()
    first, again = asked_twice(tmp_path, PaidProvider(), second, 3, 3)
    assert again == first
    assert not second.requests


def test_only_missing_answers_are_asked_for(tmp_path: Path) -> None:
    second = PaidProvider()
    first, again = asked_twice(tmp_path, PaidProvider(), second, 2, 5)
    assert again.samples[:2] == first.samples
    assert [one.n for one in second.requests] == [3]
    assert len(again.samples) == 5


def test_failures_are_not_kept(tmp_path: Path) -> None:
    broken = PaidProvider(fails_before=lambda request, chance: ProviderError("down", kind="server"))
    first, again = asked_twice(tmp_path, broken, PaidProvider(), 1, 1)
    assert (first.samples[0].outcome, again.samples[0].outcome) == ("error", "ok")


def test_refusals_are_kept(tmp_path: Path) -> None:
    refusing = PaidProvider(answer=lambda request, chance: Sample(outcome="refused", problem="no"))
    second = PaidProvider()
    first, again = asked_twice(tmp_path, refusing, second, 1, 1)
    assert again == first
    assert not second.requests


def test_text_that_no_file_can_hold_is_mended(tmp_path: Path) -> None:
    odd = PaidProvider(answer=lambda request, chance: Sample(outcome="ok", text="a\ud800b"))
    first, again = asked_twice(tmp_path, odd, PaidProvider(), 1, 1)
    assert first.samples[0].text == again.samples[0].text == "a?b"


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    path.write_text("no database at all, but long enough to be taken for the beginning of one")
    with pytest.raises(UsageError, match=r"answers\.sqlite cannot be used"):
        AnswerStore(path)


def test_a_full_disk_is_told_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "answers.sqlite")
    long = KeptAnswer(Sample(outcome="ok", text="x" * 100_000), Usage())
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, most))
    try:
        with pytest.raises(StorageError, match=r"answers\.sqlite"):
            store.save(b"full", {0: long, 1: long})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert store.find(b"full", 2) == {}
    store.save(b"later", {0: long, 1: long})
    assert len(store.find(b"later", 2)) == 2
    store.close()


def test_a_key_in_an_error_is_not_written(tmp_path: Path) -> None:
    """Providers' errors hold no keys; what is written of a failure is its message alone."""

    def leak(request: SampleRequest, chance: Any) -> ProviderError:
        error = ProviderError("the request failed", kind="server")
        error.__cause__ = RuntimeError("Authorization: Bearer sk-secret")
        return error

    (result, _) = asked_twice(tmp_path, PaidProvider(fails_before=leak), PaidProvider(), 1, 1)
    assert "sk-secret" not in repr(result)
    assert not [file for file in tmp_path.iterdir() if b"sk-secret" in file.read_bytes()]


def test_unmetered_answers_are_not_kept(tmp_path: Path) -> None:
    async def asking() -> None:
        provider = PaidProvider()
        free = PaidProvider(capabilities=provider.capabilities.__class__(metered=False))
        store, budget = AnswerStore(tmp_path / "answers.sqlite"), Budget(tmp_path / "budget.sqlite")
        answers = AnswerService(free, store=store, budget=budget, options=LimitsConfig())
        await asyncio.gather(answers.answer(request(0)), answers.answer(request(0)))
        assert len(free.requests) == 2
        budget.close()
        store.close()

    run_virtually(asking())


def test_an_answer_that_arrives_while_a_run_stops_is_kept(tmp_path: Path) -> None:
    class OneAfterAnother(PaidProvider):
        async def sample(self, request: SampleRequest) -> SampleResult:
            result = await super().sample(request)
            for _ in range(request.seed or 0):
                await asyncio.sleep(0)  # each answer arrives one turn of the event loop after the one before
            return result

    provider = OneAfterAnother(latency=lambda chance: 0.1)

    async def stopping() -> None:
        store, budget = AnswerStore(tmp_path / "a.sqlite"), Budget(tmp_path / "b.sqlite")
        answers = AnswerService(provider, store=store, budget=budget, options=LimitsConfig())
        tasks = [asyncio.create_task(answers.answer(request(number))) for number in range(6)]
        await asyncio.sleep(0.05)
        await answers.drain(5.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        kept = [store.find(request_digest(provider.name, request(number)), 1) for number in range(6)]
        assert sum(map(len, kept)) == provider.bought.total() == 6
        store.close()
        budget.close()

    run_virtually(stopping())
