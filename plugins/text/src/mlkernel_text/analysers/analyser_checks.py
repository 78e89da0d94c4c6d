"""Checks of rollout analysers: what they promise for any episode."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from attrs import asdict

from mlkernel.testing import Check, Component
from mlkernel.testing.check import expect
from mlkernel.testing.component_checks import component_checks
from mlkernel.testing.configured import configured
from mlkernel_text.analysers.rollout_analyser import Ask, Finding, RolloutAnalyser
from mlkernel_text.chat import Chat, ChatMessage
from mlkernel_text.rollouts.episode import Episode, Node


def analyser_checks(component: Component, overrides: Sequence[str] = ()) -> Iterator[Check]:
    """Yield the checks of a rollout analyser; no model is asked."""
    yield from component_checks(component, overrides)
    for name, check in (
        ("findings_are_about_turns_of_the_episode", _check_findings),
        ("equal_answers_give_equal_findings", _check_repeatable),
        ("any_answer_of_the_judge_can_be_read", _check_judge),
    ):
        yield Check(name, partial(check, component, overrides))


def _turn(number: int, parent: int | None, agent: str, text: str, **more: Any) -> Node:
    told = (
        ChatMessage(role="system", content=f"You are {agent}."),
        ChatMessage(role="user", content="Go on."),
    )
    return Node(id=number, parent=parent, agent=agent, round=number, prompt=told, text=text, **more)


def example_episodes() -> list[Episode]:
    """A chain, a tree with a turn that broke the rules, and an episode that the provider did not answer."""
    first = _turn(0, None, "prover", 'The problem says "two plus two", \U0001f600')
    chain = (first, _turn(1, 0, "verifier", "Why?"), _turn(2, 1, "verifier", "yes", decision=1, done=True))
    tree = (
        first,
        _turn(1, 0, "verifier", "", outcome="invalid", problem="nothing"),
        _turn(2, 0, "verifier", "no"),
    )
    lost = (_turn(0, None, "prover", "", outcome="error", problem="it is down"),)
    return [
        Episode(
            iteration=0,
            split="train",
            index=index,
            instance=f"example-{index}",
            seed=index,
            label=1,
            fields={"question": "What is two plus two?", "solution": None},
            nodes=nodes,
        )
        for index, nodes in enumerate((chain, tree, lost))
    ]


def _analyser(component: Component, overrides: Sequence[str]) -> RolloutAnalyser:
    config = configured(component, overrides)
    analyser: RolloutAnalyser = component.factory()(*([] if config is None else [config]))
    return analyser


def _found(analyser: RolloutAnalyser, answer: str) -> list[list[Finding]]:
    async def ask(chat: Chat, attempt: int) -> str:
        expect(
            bool(chat) and chat[-1]["role"] == "user", "a question to the judge ends with a user's message"
        )
        return answer

    async def look(ask: Ask) -> list[list[Finding]]:
        return [await analyser.analyse(episode, ask) for episode in example_episodes()]

    return asyncio.run(look(ask))


def _check_findings(component: Component, overrides: Sequence[str]) -> None:
    for episode, findings in zip(
        example_episodes(), _found(_analyser(component, overrides), "yes"), strict=True
    ):
        agents = {node.id: node.agent for node in episode.nodes}
        for finding in findings:
            expect(agents.get(finding.node) == finding.agent, f"{finding} is about no turn of the episode")
            json.dumps(asdict(finding), allow_nan=False)


def _check_repeatable(component: Component, overrides: Sequence[str]) -> None:
    first, second = (_found(_analyser(component, overrides), "no") for _ in range(2))
    expect(first == second, "the same episodes and answers give other findings the second time")


def _check_judge(component: Component, overrides: Sequence[str]) -> None:
    for answer in ("", "perhaps", "YES!", "\x00", "x" * 10_000):
        _found(_analyser(component, overrides), answer)
