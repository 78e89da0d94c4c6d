"""Analysers find what they say, and an analysis never asks twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from attrs import evolve
from plugins.text.tests.answers.paid_provider import PaidProvider

from mlkernel import Choice, ConfigError, UsageError, resolve
from mlkernel_text.analysers.analyser_checks import analyser_checks, example_episodes
from mlkernel_text.analysers.analysis import Analysis, mean_findings
from mlkernel_text.analysers.follow_up_config import FollowUpConfig
from mlkernel_text.analysers.format_conformance_config import FormatConformanceConfig
from mlkernel_text.analysers.judge import Judge
from mlkernel_text.analysers.judge_config import JudgeConfig
from mlkernel_text.analysers.quotation_accuracy_config import QuotationAccuracyConfig
from mlkernel_text.analysers.role_conformance_config import RoleConformanceConfig
from mlkernel_text.analysers.rollout_analyser import Finding
from mlkernel_text.answers.budget import BudgetReached
from mlkernel_text.answers.budget_config import BudgetConfig
from mlkernel_text.answers.limits_config import LimitsConfig
from mlkernel_text.backends.backend import Sample
from mlkernel_text.backends.openai_config import OpenAIConfig
from mlkernel_text.chat import Chat
from mlkernel_text.rollouts.episode import Node
from mlkernel_text.rollouts.episode_journal import EpisodeJournal

ANALYSERS = ("quotation-accuracy", "format-conformance", "follow-up", "role-conformance")


@pytest.mark.parametrize("name", ANALYSERS)
def test_each_keeps_the_contract(name: str) -> None:
    overrides = ["judge.backend.model=judge"] if name in ("follow-up", "role-conformance") else []
    for check in analyser_checks(resolve("rollout_analyser", name), overrides):
        check()


def findings(name: str, config: object, answers: dict[str, str] | None = None) -> list[list[Finding]]:
    """What an analyser finds in the examples; the judge says ``no``, except to questions with a part of *answers*."""

    async def ask(chat: Chat, attempt: int) -> str:
        question = chat[-1]["content"]
        return next((answer for part, answer in (answers or {}).items() if part in question), "no")

    async def look() -> list[list[Finding]]:
        analyser = Choice(kind="rollout_analyser", name=name, config=config).make()
        return [await analyser.analyse(episode, ask) for episode in example_episodes()]

    return asyncio.run(look())


def test_quotations_are_compared_with_the_problem() -> None:
    chain, _, _ = findings("quotation-accuracy", QuotationAccuracyConfig(agents=("prover",)))
    assert chain == [Finding(node=0, agent="prover", values={"quotations": 1.0, "accuracy": 1.0})]
    (finding,), *_ = findings(
        "quotation-accuracy", QuotationAccuracyConfig(agents=("prover",), sources=("solution",))
    )
    assert finding.values == {"quotations": 1.0, "accuracy": 0.0}
    assert finding.remark == "not in the problem: 'two plus two'"
    (finding,), *_ = findings("quotation-accuracy", QuotationAccuracyConfig(agents=("prover",), shortest=50))
    assert finding.values == {"quotations": 0.0}


def test_format_by_the_rules_or_by_a_pattern() -> None:
    by_rule = findings("format-conformance", FormatConformanceConfig())
    assert [found.values.get("conforms") for each in by_rule for found in each] == [1, 1, 1, 1, 0, 1, None]
    by_pattern = findings(
        "format-conformance", FormatConformanceConfig(agents=("verifier",), pattern="yes|no")
    )
    assert [found.values["conforms"] for each in by_pattern for found in each] == [0, 1, 0, 1]
    with pytest.raises(UsageError, match="pattern is no regular expression"):
        findings("format-conformance", FormatConformanceConfig(pattern="("))


def test_a_follow_up_is_judged_where_something_was_heard() -> None:
    episode = example_episodes()[0]
    told = ({"role": "user", "content": "prover: it is four"},)
    more = Node(id=3, parent=1, agent="verifier", round=2, prompt=told, text="Why four?")
    analyser = Choice(kind="rollout_analyser", name="follow-up", config=FollowUpConfig()).make()
    asked = []

    async def ask(chat: Chat, attempt: int) -> str:
        asked.append(chat[-1]["content"])
        return "Yes, it does."

    (found,) = asyncio.run(analyser.analyse(evolve(episode, nodes=(*episode.nodes[:2], more)), ask))
    assert (found.node, found.values) == (3, {"follows_up": 1.0})
    assert "prover: it is four" in asked[0]
    assert "Why four?" in asked[0]


def test_roles_are_judged_by_their_instructions() -> None:
    chain, tree, _ = findings("role-conformance", RoleConformanceConfig(), {"You are prover.": "yes"})
    assert [found.values["keeps_role"] for found in (*chain, *tree)] == [1, 0, 0, 1, 0, 0]


def test_a_verdict_that_cannot_be_read_is_asked_for_again_and_then_left_out() -> None:
    attempts = []

    async def ask(chat: Chat, attempt: int) -> str:
        attempts.append(attempt)
        return "perhaps"

    config = RoleConformanceConfig(judge=JudgeConfig(retries=2))
    analyser = Choice(kind="rollout_analyser", name="role-conformance", config=config).make()
    (found,) = asyncio.run(analyser.analyse(example_episodes()[2], ask))
    assert attempts == [0, 1, 2]
    assert found.values == {}
    assert "perhaps" in str(found.remark)


class JudgeProvider(PaidProvider):
    """A provider as the judge is reached."""

    def __repr__(self) -> str:
        return "the judge's provider"  # whichever one: it is no option of an analysis

    async def prepare(self, curriculum: object) -> str:
        return "judge"

    async def aclose(self) -> None:
        """Nothing is open."""


class JudgeChoice(Choice):
    """Gives the provider of the test, where a configuration would choose one."""

    def make(self, *arguments: object) -> JudgeProvider:
        return self.given


@pytest.fixture
def journal(tmp_path: Path) -> EpisodeJournal:
    written = EpisodeJournal.of_run(tmp_path, "train", 0)
    for index in range(30):
        written.append(evolve(example_episodes()[index % 2], index=index, seed=index))
    written.close()
    return written


def analysis(run: Path, provider: JudgeProvider, **judge: object) -> Analysis:
    backend = JudgeChoice(kind="text_backend", name="paid", config=provider)
    config = RoleConformanceConfig(judge=JudgeConfig(backend=backend, **judge))
    analyser = Choice(kind="rollout_analyser", name="role-conformance", config=config).make()
    return Analysis(analyser, run, config)


def yes(request, chance):
    return Sample(outcome="ok", text="yes")


def test_a_refusal_is_no_verdict(tmp_path: Path, journal: EpisodeJournal) -> None:
    def refuse(request, chance):
        return Sample(outcome="refused", text="No, I will not judge this.")

    refused = analysis(tmp_path, JudgeProvider(answer=refuse, latency=lambda chance: 0.0))
    asyncio.run(refused.analyse([journal]))
    assert mean_findings([finding for _, each in refused.findings(journal) for finding in each]) == {}


def test_an_analysis_that_is_cut_short_goes_on_and_asks_nothing_twice(
    tmp_path: Path, journal: EpisodeJournal
) -> None:
    first = JudgeProvider(answer=yes, latency=lambda chance: 0.0)
    cut = analysis(tmp_path, first, budget=BudgetConfig(max_cost=0.05))
    with pytest.raises(BudgetReached):
        asyncio.run(cut.analyse([journal]))
    assert 0 < len(first.bought) <= 5
    second = JudgeProvider(answer=yes, latency=lambda chance: 0.0)
    whole = analysis(tmp_path, second, limits=LimitsConfig(concurrency=3))
    asyncio.run(whole.analyse([journal]))
    assert first.bought.keys().isdisjoint(second.bought)
    found = list(whole.findings(journal))
    assert sorted(index for index, _ in found) == list(range(30))
    assert mean_findings([finding for _, each in found for finding in each]) == {
        "prover.keeps_role": 1.0,
        "verifier.keeps_role": 1.0,
    }
    third = JudgeProvider(answer=yes)
    asyncio.run(analysis(tmp_path, third).analyse([journal]))
    assert not third.requests


def test_a_torn_line_of_findings_is_found_again(tmp_path: Path, journal: EpisodeJournal) -> None:
    whole = analysis(tmp_path, JudgeProvider(answer=yes, latency=lambda chance: 0.0))
    asyncio.run(whole.analyse([journal]))
    file = whole.directory / journal.path.name
    file.write_bytes(file.read_bytes()[:-10])
    provider = JudgeProvider(answer=yes)
    again = analysis(tmp_path, provider)
    asyncio.run(again.analyse([journal]))
    assert len(list(again.findings(journal))) == 30
    assert not provider.requests, "the answers were kept"


def test_other_options_are_another_analysis(tmp_path: Path) -> None:
    provider = JudgeProvider()
    one, same, other = (
        analysis(tmp_path, provider, **judge)
        for judge in ({}, {"budget": BudgetConfig(max_cost=3.0)}, {"temperature": 1.0})
    )
    assert one.directory == same.directory
    assert one.directory != other.directory


def test_a_judge_without_its_key_is_told_by_the_full_name_of_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    async def opened(**options: object) -> None:
        chosen = Choice(kind="text_backend", name="openai", config=OpenAIConfig(**options))
        async with Judge.opened(JudgeConfig(backend=chosen), tmp_path):
            pass

    with pytest.raises(ConfigError, match=r"judge\.backend\.api_key_env says"):
        asyncio.run(opened(model="judge"))
    with pytest.raises(ConfigError) as refused:
        asyncio.run(opened())
    assert "judge.backend.model=NAME" in refused.value.hint
