"""Limits of a provider hold exactly, in virtual time."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from plugins.text.tests.answers.paid_provider import PaidProvider
from plugins.text.tests.answers.virtual_time import run_virtually
from structlog import get_logger
from structlog.testing import capture_logs

from mlkernel_text.answers.answer_service import AnswerService
from mlkernel_text.answers.budget import Budget
from mlkernel_text.answers.limits_config import LimitsConfig
from mlkernel_text.backends.backend import Capabilities, SampleRequest, SampleResult
from mlkernel_text.backends.errors import ProviderError


def request(number: int, **more: Any) -> SampleRequest:
    chat = ({"role": "user", "content": f"question {number}"},)
    told = {"key": f"key-{number}", "model": "m", "chat": chat, "max_tokens": 10, "seed": number}
    return SampleRequest(**{**told, **more})


def ask(
    folder: Path, provider: PaidProvider, count: int, **limits: Any
) -> tuple[list[SampleResult | BaseException], float]:
    """Ask *count* questions at once; the answers, and how many seconds it took."""

    async def asking() -> tuple[list[SampleResult | BaseException], float]:
        answers = AnswerService(
            provider, store=None, budget=Budget(folder / "budget.sqlite"), options=LimitsConfig(**limits)
        )
        asked = [answers.answer(request(number)) for number in range(count)]
        results = await asyncio.gather(*asked, return_exceptions=True)
        answers.budget.close()
        return results, asyncio.get_running_loop().time()

    return run_virtually(asking())


def throttle(*, until: float, retry_after: float | None):
    def fail(request, chance):
        if asyncio.get_running_loop().time() < until:
            return ProviderError("too fast", kind="rate_limit", retry_after=retry_after)
        return None

    return fail


@pytest.mark.parametrize("concurrency", [1, 7, 200])
def test_never_more_requests_are_in_flight_than_allowed(tmp_path: Path, concurrency: int) -> None:
    provider = PaidProvider()
    ask(tmp_path, provider, 300, concurrency=concurrency)
    assert provider.most_in_flight == concurrency


def test_the_cap_is_used_up_to_nine_tenths(tmp_path: Path) -> None:
    provider = PaidProvider(latency=lambda chance: 0.05)
    _, seconds = ask(tmp_path, provider, 2000, concurrency=100)
    assert seconds <= 2000 / 100 * 0.05 / 0.9


@pytest.mark.parametrize("per_minute", [30, 600])
def test_requests_per_minute_hold_in_every_window(tmp_path: Path, per_minute: int) -> None:
    provider = PaidProvider()
    _, seconds = ask(tmp_path, provider, 3 * per_minute, requests_per_minute=per_minute)
    moments = provider.sent_at
    for first, after in zip(moments, moments[per_minute:], strict=False):
        assert after - first >= 60 - 1e-6
    assert seconds <= 3 * 60 + 1, "and are used"


def test_tokens_per_minute_hold_and_are_corrected_by_what_was_taken(tmp_path: Path) -> None:
    provider = PaidProvider(tokens_each=10)  # 20 tokens are expected and taken
    _, seconds = ask(tmp_path, provider, 300, tokens_per_minute=2000)
    assert seconds == pytest.approx(299 * 20 / 2000 * 60, abs=1)
    modest = PaidProvider(tokens_each=1, latency=lambda chance: 0.001)  # 11 tokens are expected, 2 are taken
    _, seconds = ask(tmp_path, modest, 300, tokens_per_minute=2000, concurrency=1)
    assert seconds == pytest.approx(300 * 2 / 2000 * 60, rel=0.35)


def test_nobody_is_sent_before_the_time_that_the_provider_names(tmp_path: Path) -> None:
    provider = PaidProvider(latency=lambda chance: 0.1, fails_before=throttle(until=5, retry_after=30.0))
    results, _ = ask(tmp_path, provider, 200, concurrency=20)
    assert not [moment for moment in provider.sent_at if 0.1 < moment < 30.1]
    assert all(isinstance(result, SampleResult) and result.samples[0].outcome == "ok" for result in results)


def test_without_a_time_waits_double_and_fewer_are_sent(tmp_path: Path) -> None:
    provider = PaidProvider(latency=lambda chance: 0.1, fails_before=throttle(until=60, retry_after=None))
    results, _ = ask(tmp_path, provider, 200, concurrency=64, backoff=1.0)
    assert all(isinstance(result, SampleResult) and result.samples[0].outcome == "ok" for result in results)
    waves: list[list[float]] = [[]]
    for before, moment in pairwise([0.0, *(moment for moment in provider.sent_at if moment < 60)]):
        if moment - before > 0.3:
            waves.append([])
        waves[-1].append(moment)
    assert [len(wave) for wave in waves][:6] == [64, 32, 16, 8, 4, 2]
    gaps = [after[0] - before[-1] for before, after in pairwise(waves)]
    assert all(0.5 * 2**number <= gap <= 2**number + 0.2 for number, gap in enumerate(gaps[:5]))


def test_after_complaints_the_number_in_flight_grows_again(tmp_path: Path) -> None:
    provider = PaidProvider(latency=lambda chance: 0.1, fails_before=throttle(until=0.15, retry_after=1.0))
    ask(tmp_path, provider, 2000, concurrency=32)
    late = [moment for moment in provider.sent_at if moment > 5]
    most = max(sum(1 for other in late if moment <= other < moment + 0.1) for moment in late[:200])
    assert most > 28


def test_complaints_about_requests_that_were_sent_together_count_once(tmp_path: Path) -> None:
    provider = PaidProvider(latency=lambda chance: 0.1, fails_before=throttle(until=0.15, retry_after=None))
    ask(tmp_path, provider, 64, concurrency=64, backoff=1.0)
    again = [moment for moment in provider.sent_at if moment > 0]
    assert sum(1 for moment in again if moment == again[0]) == 32


def test_tries_have_one_key_and_are_used_up(tmp_path: Path) -> None:
    def broken(request, chance):
        return ProviderError("it is down", kind="connection")

    provider = PaidProvider(fails_before=broken)
    results, _ = ask(tmp_path, provider, 1, max_retries=4)
    assert [one.key for one in provider.requests] == ["key-0"] * 5
    (sample,) = results[0].samples
    assert (sample.outcome, sample.problem) == ("error", "connection: it is down")


def test_a_provider_that_throttles_for_ever_is_given_up(tmp_path: Path) -> None:
    provider = PaidProvider(fails_before=throttle(until=1e9, retry_after=1.0))
    results, _ = ask(tmp_path, provider, 3, max_rate_limit_retries=5)
    assert [result.samples[0].outcome for result in results] == ["error"] * 3


def test_an_answer_that_does_not_come_is_asked_for_again(tmp_path: Path) -> None:
    provider = PaidProvider(latency=lambda chance: 1000.0 if chance.random() < 0.5 else 0.1)
    results, _ = ask(tmp_path, provider, 50, timeout=5.0)
    assert all(result.samples[0].outcome == "ok" for result in results)
    assert len(provider.requests) > 50


def test_a_refused_request_is_not_tried_again(tmp_path: Path) -> None:
    provider = PaidProvider(fails_before=lambda request, chance: ProviderError("what?", kind="bad_request"))
    results, _ = ask(tmp_path, provider, 3)
    assert len(provider.requests) == 3
    assert {result.samples[0].problem for result in results} == {"bad_request: what?"}


def test_trouble_is_told_when_it_begins_and_when_it_is_over(tmp_path: Path) -> None:
    def nobody_there(request: SampleRequest, chance: random.Random) -> ProviderError | None:
        now = asyncio.get_running_loop().time()
        return None if 20 < now < 40 else ProviderError("nobody is there", kind="connection")

    async def asking() -> None:
        budget = Budget(tmp_path / "budget.sqlite")
        provider = PaidProvider(fails_before=nobody_there)
        options = LimitsConfig(max_retries=8, backoff=1.0)
        answers = AnswerService(provider, store=None, budget=budget, options=options, logger=get_logger())
        for moment in (0, 50):
            await asyncio.sleep(moment - asyncio.get_running_loop().time())
            await asyncio.gather(*(answers.answer(request(moment + number)) for number in range(12)))
        budget.close()

    with capture_logs() as told:
        run_virtually(asking())
    events = [entry["event"] for entry in told]
    assert events == [
        "request_tried_again",
        "provider_answers_again",
        "request_tried_again",
        "request_failed",
    ]
    assert {entry["problem"] for entry in told if "problem" in entry} == {"nobody is there"}


def test_several_answers_are_asked_for_together_or_one_by_one(tmp_path: Path) -> None:
    async def texts(can: bool) -> list[str]:
        provider = PaidProvider(capabilities=Capabilities(n=can))
        budget = Budget(tmp_path / f"{can}.sqlite")
        answers = AnswerService(provider, store=None, budget=budget, options=LimitsConfig())
        result = await answers.answer(request(0, n=5))
        budget.close()
        assert [one.n for one in provider.requests] == ([5] if can else [1] * 5)
        assert len({one.key for one in provider.requests}) == len(provider.requests)
        assert len({one.seed for one in provider.requests}) == len(provider.requests)
        return [sample.text for sample in result.samples]

    assert len(set(run_virtually(texts(can=True)))) > 1
    assert len(set(run_virtually(texts(can=False)))) > 1
