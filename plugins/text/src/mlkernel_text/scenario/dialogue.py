"""One episode of a protocol, told to its players in chats."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Self

from mlkernel_text.chat import ChatMessage
from mlkernel_text.protocols.answer_format import read_answer
from mlkernel_text.protocols.interaction_protocol import InteractionProtocol, Part, Play
from mlkernel_text.scenario.dialogue_prompts import DialoguePrompts, Heard
from mlkernel_text.scenario.scenario import ACCEPT, REJECT, Instance, RoundResult, Turn, Utterance


class Dialogue:
    """An interaction by the rules of *protocol* about *instance*.

    :param prompts: what players are told.
    :param seed: decides what the rules leave to chance.
    """

    def __init__(
        self, protocol: InteractionProtocol, instance: Instance, prompts: DialoguePrompts, seed: int
    ) -> None:
        self.done = False
        self.correct: bool | None = None
        self._protocol = protocol
        self._instance = instance
        self._prompts = prompts
        self._play = Play(label=instance.label, seed=seed)
        self._chats: Mapping[str, tuple[ChatMessage, ...]] = {}
        self._inboxes: Mapping[str, tuple[Heard, ...]] = {}

    @property
    def round(self) -> int:
        """Rounds that have ended."""
        return self._play.round

    def turns(self) -> tuple[Turn, ...]:
        """The speakers of this round, each with what it has heard since it last spoke."""
        return tuple(self._turn(agent, part) for agent, part in self._parts().items())

    def read(self, agent: str, text: str) -> Utterance:
        """Read what *agent* answers in this round."""
        return read_answer(text, self._parts()[agent], self._protocol.scale)

    def silence(self, agent: str, problem: str) -> Utterance:
        """Nothing is heard, nothing decided."""
        return Utterance(text="", problem=problem)

    def advance(self, utterances: Mapping[str, Utterance]) -> RoundResult:
        """Deliver what was said to whoever hears it, and judge the round."""
        turns = {turn.agent: turn for turn in self.turns()}
        for agent, turn in turns.items():
            answer = ChatMessage(role="assistant", content=utterances[agent].text)
            self._chats = {**self._chats, agent: (*turn.chat, answer)}
            self._inboxes = {**self._inboxes, agent: ()}
        for agent in turns:
            self._deliver(agent, utterances[agent])
        self._play = self._play.followed_by({agent: utterances[agent] for agent in turns})
        judgement = self._protocol.judge(self._play)
        self.done = judgement.done
        if judgement.decision in {ACCEPT, REJECT}:
            self.correct = judgement.decision == self._instance.label
        rewards = {agent.name: judgement.rewards.get(agent.name, 0.0) for agent in self._protocol.agents}
        return RoundResult(rewards=rewards, done=self.done)

    def copy(self) -> Self:
        """Another dialogue that stands where this one does."""
        # Everything that changes is replaced and not changed in place, so that a shallow copy is independent.
        return copy.copy(self)

    def _parts(self) -> Mapping[str, Part]:
        return {} if self.done else self._protocol.parts(self._play)

    def _turn(self, agent: str, part: Part) -> Turn:
        so_far = self._chats.get(agent, ())
        heard = self._inboxes.get(agent, ())
        asked = self._prompts.turn(agent, part, self.round, heard, is_first=not so_far)
        new: tuple[ChatMessage, ...] = (ChatMessage(role="user", content=asked),)
        if not so_far:
            new = (ChatMessage(role="system", content=self._prompts.system(agent, part)), *new)
        return Turn(agent=agent, round=self.round, new_messages=new, chat=(*so_far, *new))

    def _deliver(self, speaker: str, utterance: Utterance) -> None:
        name = self._protocol.aliases.get(speaker, speaker)
        for channel, message in utterance.messages.items():
            for member in self._protocol.channels[channel]:
                if member != speaker:
                    heard = Heard(speaker=name, channel=channel, text=message)
                    inbox = (*self._inboxes.get(member, ()), heard)
                    self._inboxes = {**self._inboxes, member: inbox}
