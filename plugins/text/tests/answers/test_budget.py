"""A budget is never passed, whatever happens at once, and outlives the process."""

from __future__ import annotations

import asyncio
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugins.text.tests.answers.paid_provider import PaidProvider
from plugins.text.tests.answers.test_limiter import request
from plugins.text.tests.answers.virtual_time import run_virtually

from mlkernel import UsageError
from mlkernel_text.answers.answer_service import AnswerService
from mlkernel_text.answers.answer_store import AnswerStore
from mlkernel_text.answers.budget import Budget, BudgetReached
from mlkernel_text.answers.limits_config import LimitsConfig
from mlkernel_text.backends.backend import Estimate, SampleRequest, Usage
from mlkernel_text.backends.errors import ProviderError


class PricedProvider(PaidProvider):
    """What a request takes is drawn, up to what it may take."""

    def usage(self, request: SampleRequest) -> Usage:
        share = random.Random(request.key).random()
        most = self.estimate(request)
        return Usage(completion_tokens=round(most.tokens * share), cost=most.cost * share)

    def estimate(self, what: SampleRequest) -> Estimate:
        chance = random.Random(what.seed)
        return Estimate(tokens=chance.randint(1, 1000), cost=chance.random())

    def paid(self) -> Usage:
        paid = [
            self.usage(one)
            for one in {one.key: one for one in self.requests}.values()
            if one.key in self.bought
        ]
        return Usage(completion_tokens=sum(u.completion_tokens for u in paid), cost=sum(u.cost for u in paid))


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), cap=st.floats(0, 30), concurrency=st.integers(1, 50), fails=st.booleans())
def test_a_cap_is_never_passed(
    tmp_path_factory: Any, seed: int, cap: float, concurrency: int, fails: bool
) -> None:
    def lost(request, chance):
        return ProviderError("it broke", kind="connection") if fails and chance.random() < 0.3 else None

    folder = tmp_path_factory.mktemp("budget")
    provider = PricedProvider(timing=seed, fails_before=lost, fails_after=lost)

    async def asking() -> None:
        budget = Budget(folder / "budget.sqlite", max_cost=cap)
        options = LimitsConfig(concurrency=concurrency, max_retries=3)
        answers = AnswerService(
            provider, store=AnswerStore(folder / "a.sqlite"), budget=budget, options=options
        )
        asked = (answers.answer(request(seed + number)) for number in range(60))
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert provider.paid().cost <= cap
        reached = [result for result in results if isinstance(result, BaseException)]
        assert {type(error) for error in reached} <= {BudgetReached}
        assert budget.spent.cost >= provider.paid().cost - 1e-6
        assert budget.spent.cost <= cap + 1e-9
        if not fails:
            assert budget.spent.cost == pytest.approx(provider.paid().cost)
        budget.close()

    run_virtually(asking())


def test_what_requests_leave_over_is_used(tmp_path: Path) -> None:
    provider = PaidProvider()  # each may cost 0.02 and costs 0.01

    async def asking() -> int:
        budget = Budget(tmp_path / "budget.sqlite", max_cost=1.0)
        answers = AnswerService(provider, store=None, budget=budget, options=LimitsConfig())
        results = await asyncio.gather(
            *(answers.answer(request(number)) for number in range(200)), return_exceptions=True
        )
        return sum(not isinstance(result, BaseException) for result in results)

    assert run_virtually(asking()) == 99  # the next might have passed the cap


def test_caps_in_tokens(tmp_path: Path) -> None:
    budget = Budget(tmp_path / "budget.sqlite", max_tokens=100)
    first = budget.reserve(Estimate(tokens=60))
    with pytest.raises(BudgetReached, match=r"of 100 \(max_tokens\) 0 are spent and 60 set aside.*take 41"):
        budget.reserve(Estimate(tokens=41))
    first.settle(Estimate(tokens=50))
    first.settle(Estimate(tokens=50))
    first.release()
    assert budget.spent.tokens == 50
    budget.reserve(Estimate(tokens=50)).release()
    assert budget.spent.tokens == 50
    budget.close()


@pytest.mark.parametrize("is_killed", [False, True])
def test_what_was_spent_outlives_the_process(tmp_path: Path, is_killed: bool) -> None:
    budget = Budget(tmp_path / "a" / "budget.sqlite", max_cost=10.0)
    for _ in range(100):
        budget.reserve(Estimate(tokens=10, cost=0.02)).settle(Estimate(tokens=5, cost=0.01))
    budget.reserve(Estimate(tokens=10, cost=0.02)).release()
    budget.reserve(Estimate(tokens=10, cost=1.0))  # in flight
    if not is_killed:
        budget.close()
    shutil.copytree(tmp_path / "a", tmp_path / "b")  # as a killed process leaves its files
    spent = Budget(tmp_path / "b" / "budget.sqlite").spent
    if is_killed:
        assert 2.0 <= spent.cost <= 3.1, "what may have been paid counts"
    else:
        assert spent.cost == pytest.approx(2.0)


@pytest.mark.parametrize("is_killed", [False, True])
def test_what_costs_nothing_counts_only_once_it_was_answered(tmp_path: Path, is_killed: bool) -> None:
    budget = Budget(tmp_path / "a" / "budget.sqlite", max_tokens=1000, is_metered=False)
    budget.reserve(Estimate(tokens=10)).settle(Estimate(tokens=5))
    budget.reserve(Estimate(tokens=900))  # in flight
    if not is_killed:
        budget.close()
    shutil.copytree(tmp_path / "a", tmp_path / "b")  # as a killed process leaves its files
    assert Budget(tmp_path / "b" / "budget.sqlite").spent.tokens == 5


def test_a_killed_run_is_not_beyond_its_cap_and_goes_on_with_its_jobs(tmp_path: Path) -> None:
    budget = Budget(tmp_path / "a" / "budget.sqlite", max_tokens=100, max_cost=1.0)
    job = Estimate(tokens=40, cost=0.4)
    budget.reserve(job, key="job")
    budget.reserve(Estimate(tokens=55, cost=0.55))  # in flight
    shutil.copytree(tmp_path / "a", tmp_path / "b")  # as a killed process leaves its files
    resumed = Budget(tmp_path / "b" / "budget.sqlite", max_tokens=100, max_cost=1.0)
    assert 95 <= resumed.spent.tokens <= 100
    assert 0.95 <= resumed.spent.cost <= 1.0
    lower = Budget(tmp_path / "b" / "budget.sqlite", max_tokens=50, max_cost=0.5)
    lower.reserve(job, key="job").settle(job)
    with pytest.raises(BudgetReached):
        lower.reserve(Estimate(tokens=1), key="another job")
    for opened in (budget, resumed, lower):
        opened.close()


def test_a_job_is_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "budget.sqlite"
    budget = Budget(path, max_cost=10.0)
    first = budget.reserve(Estimate(tokens=0, cost=6.0), key="run/0/group/1")
    second = budget.reserve(Estimate(tokens=0, cost=7.0), key="run/0/group/1")
    assert budget.spent.cost == 7.0
    with pytest.raises(BudgetReached):
        budget.reserve(Estimate(tokens=0, cost=6.0), key="run/0/other/1")
    budget.close()
    budget = Budget(path, max_cost=10.0)
    assert budget.spent.cost == 7.0
    again = budget.reserve(Estimate(tokens=0, cost=7.0), key="run/0/group/1")
    again.settle(Estimate(tokens=900, cost=4.0))
    for late in (budget.reserve(Estimate(tokens=0, cost=9.0), key="run/0/group/1"), again):
        late.settle(Estimate(tokens=900, cost=4.0))
        late.release()
    assert (budget.spent.cost, budget.spent.tokens) == (4.0, 900)
    del first, second
    budget.close()


def test_threads_share_a_budget(tmp_path: Path) -> None:
    budget = Budget(tmp_path / "budget.sqlite", max_tokens=1000)

    def spend(number: int) -> int:
        try:
            budget.reserve(Estimate(tokens=7), key=None if number % 2 else f"job-{number}").settle(
                Estimate(tokens=7)
            )
        except BudgetReached:
            return 0
        return 7

    with ThreadPoolExecutor(8) as threads:
        spent = sum(threads.map(spend, range(400)))
    assert spent == budget.spent.tokens == 1000 // 7 * 7
    budget.close()


def test_prices_by_name_and_pattern(tmp_path: Path) -> None:
    prices = {"small": (1.0, 2.0, 3.0), "ft:small*": (2.0, 4.0, 0.0), "*": (10.0, 10.0, 10.0)}
    budget = Budget(tmp_path / "budget.sqlite", prices=prices)
    usage = Usage(prompt_tokens=1_000_000, completion_tokens=500_000, cost=99.0)
    costs = {model: budget.prices.of_usage(model, usage).cost for model in ("small", "ft:small:me", "big")}
    assert costs == {"small": 2.0, "ft:small:me": 4.0, "big": 15.0}
    assert budget.prices.of_training("small", 2_000_000).cost == 6.0
    estimate = Estimate(tokens=3_000_000, cost=99.0)
    asked = request(0, model="small", n=2, max_tokens=1_000_000)
    assert budget.prices.of_request(asked, estimate).cost == 1.0 + 2 * 2.0
    budget.close()
    free = Budget(tmp_path / "free.sqlite")
    assert free.prices.of_usage("small", usage).cost == 99.0
    free.close()


def test_a_cap_without_a_price_is_refused(tmp_path: Path) -> None:
    class Unpriced(PaidProvider):
        def estimate(self, what: SampleRequest) -> Estimate:
            return Estimate(tokens=10)

    async def asking() -> None:
        budget = Budget(tmp_path / "budget.sqlite", max_cost=1.0)
        answers = AnswerService(Unpriced(), store=None, budget=budget, options=LimitsConfig())
        await answers.answer(request(0))

    with pytest.raises(UsageError, match="what 'm' costs is not known"):
        run_virtually(asking())


def test_a_provider_that_reports_no_usage_has_taken_what_it_may_have(tmp_path: Path) -> None:
    class Silent(PaidProvider):
        def usage(self, request: SampleRequest) -> Usage | None:
            return None

    async def asking() -> Estimate:
        budget = Budget(tmp_path / "budget.sqlite", max_cost=1.0, prices={"m": (1.0, 100.0, 0.0)})
        answers = AnswerService(Silent(), store=None, budget=budget, options=LimitsConfig())
        await answers.answer(request(0))
        return budget.spent

    most = 10 * 1.0 + 10 * 100.0
    assert run_virtually(asking()) == Estimate(tokens=20, cost=pytest.approx(most / 1_000_000))
