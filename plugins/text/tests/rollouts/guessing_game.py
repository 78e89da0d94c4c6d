"""A small game for tests: two advisers speak at once, then a judge decides or wants to hear more."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Self

from mlkernel_text.chat import ChatMessage
from mlkernel_text.rollouts.episode_task import EpisodeTask
from mlkernel_text.scenario.curriculum import Curriculum
from mlkernel_text.scenario.scenario import (
    UNDECIDED,
    Agent,
    Instance,
    RoundResult,
    Split,
    Turn,
    Utterance,
)


class GuessingGame:
    """Advisers say ``odd`` or ``even`` of a number, and the judge ``yes``, ``no`` or ``more``."""

    agents = (
        Agent(name="left", role="prover"),
        Agent(name="right", role="prover", adversarial=True),
        Agent(name="judge", role="verifier"),
    )
    decider = "judge"
    channels = ("table", "aside")
    max_rounds = 4
    reward_range: Mapping[str, tuple[float, float]] = {agent.name: (-1.0, 1.0) for agent in agents}
    curriculum: Curriculum | None = None

    def instances(self, split: Split) -> Sequence[Instance]:
        fields = [{"question": f"Is {number} even?", "solution": str(number)} for number in range(20)]
        return [
            Instance(id=f"{split}-{number}", fields=told, label=1 - number % 2)
            for number, told in enumerate(fields)
        ]

    def begin(
        self,
        instance: Instance,
        seed: int,
        instructions: Mapping[str, str] = {},
        prompts: Mapping[str, str] = {},
    ) -> Guessing:
        return Guessing(instance, {agent.name: instructions.get(agent.name, "") for agent in self.agents})

    def decision_text(self, label: int) -> str:
        return "yes" if label else "no"

    def details(self, instance: Instance, utterances: Sequence[tuple[str, Utterance]]) -> Mapping[str, float]:
        return {"turns": float(len(utterances))}


class Guessing:
    def __init__(self, instance: Instance, instructions: Mapping[str, str]) -> None:
        self.round = 0
        self.done = False
        self.correct: bool | None = None
        self._instance = instance
        question = str(instance.fields["question"])
        told = {agent: f"You are {agent}. {text}" for agent, text in instructions.items()}
        self._chats = {agent: (ChatMessage(role="system", content=text),) for agent, text in told.items()}
        self._news = dict.fromkeys(told, f"{question} You are asked.")

    def turns(self) -> tuple[Turn, ...]:
        if self.done:
            return ()
        return tuple(self._turn(agent) for agent in (("judge",) if self.round % 2 else ("left", "right")))

    def _turn(self, agent: str) -> Turn:
        new: tuple[ChatMessage, ...] = (ChatMessage(role="user", content=self._news[agent]),)
        chat = self._chats[agent] + new
        return Turn(agent=agent, round=self.round, new_messages=chat if len(chat) == 2 else new, chat=chat)

    def read(self, agent: str, text: str) -> Utterance:
        words = text.split()
        if not words:
            return Utterance(text=text, problem="nothing was said")
        if agent == "judge":
            if words[0] not in ("yes", "no", "more"):
                return Utterance(text=text, problem=f"{words[0]!r} is no decision")
            decision = {"yes": 1, "no": 0, "more": UNDECIDED}[words[0]]
            return Utterance(text=text, decision=decision, messages={"aside": text})
        if words[0] not in ("odd", "even"):
            return Utterance(text=text, problem=f"{words[0]!r} is neither odd nor even")
        return Utterance(text=text, messages={"table": text}, confidence=0.5)

    def silence(self, agent: str, problem: str) -> Utterance:
        return Utterance(text="", problem=problem)

    def advance(self, utterances: Mapping[str, Utterance]) -> RoundResult:
        for agent, utterance in utterances.items():
            answer = ChatMessage(role="assistant", content=utterance.text)
            self._chats[agent] = (*self._chats[agent], self._turn(agent).new_messages[-1], answer)
        said = "; ".join(f"{agent}: {utterance.text}" for agent, utterance in utterances.items())
        self._news = dict.fromkeys(self._news, said)
        decision = utterances["judge"].decision if "judge" in utterances else UNDECIDED
        self.round += 1
        self.done = decision != UNDECIDED or self.round == GuessingGame.max_rounds
        if not self.done:
            return RoundResult(rewards={agent.name: 0.0 for agent in GuessingGame.agents}, done=False)
        self.correct = None if decision == UNDECIDED else decision == self._instance.label
        won = 1.0 if self.correct else -1.0
        return RoundResult(rewards={"left": won, "right": -won, "judge": won}, done=True)

    def copy(self) -> Self:
        twin = copy.copy(self)
        twin._chats, twin._news = dict(self._chats), dict(self._news)
        return twin


def episode_tasks(
    count: int, *, split: Split = "train", iteration: int = 0, branching: Mapping[str, int] | None = None
) -> list[EpisodeTask]:
    """Tasks that go through the game's instances over and over."""
    instances = GuessingGame().instances(split)
    return [
        EpisodeTask(
            iteration=iteration,
            split=split,
            index=index,
            instance=instances[index % len(instances)],
            branching=branching or {},
        )
        for index in range(count)
    ]
