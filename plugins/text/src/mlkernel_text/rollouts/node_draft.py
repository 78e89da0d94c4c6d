"""A turn of an episode that is still growing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, Self

from attrs import Factory, define, field

from mlkernel_text.backends.backend import Sample, SampleOutcome
from mlkernel_text.chat import ChatMessage
from mlkernel_text.rollouts.episode import Node
from mlkernel_text.scenario.scenario import Turn, Utterance


@define(eq=False, kw_only=True)
class NodeDraft:
    """What is known of a turn; it becomes a :class:`Node` once all turns of the episode are there."""

    turn: Turn
    path: tuple[int, ...]
    """Which of its siblings this turn and each turn before it is."""
    parent: Self | None = None
    sample: Sample = field(init=False)
    utterance: Utterance = field(init=False)
    is_invalid: bool = False
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    rewards: Mapping[str, float] = Factory(dict)
    done: bool = False
    correct: bool | None = None
    details: Mapping[str, float] = Factory(dict)

    @property
    def outcome(self) -> SampleOutcome | Literal["invalid"]:
        """How the turn ended."""
        return "invalid" if self.is_invalid else self.sample.outcome

    def utterances(self) -> list[tuple[str, Utterance]]:
        """What was said from the first turn to this one, with the speakers."""
        said = [(draft.turn.agent, draft.utterance) for draft in self._upwards()]
        said.reverse()
        return said

    def _upwards(self) -> Iterator[NodeDraft]:
        draft: NodeDraft | None = self
        while draft is not None:
            yield draft
            draft = draft.parent

    def node(self, number: int, parent: int | None) -> Node:
        """The finished turn, with its number and that of the turn before."""
        prompt: tuple[ChatMessage, ...] = self.turn.new_messages
        return Node(
            id=number,
            parent=parent,
            agent=self.turn.agent,
            round=self.turn.round,
            prompt=prompt,
            text=self.sample.text,
            messages=self.utterance.messages,
            decision=self.utterance.decision,
            confidence=self.utterance.confidence,
            answer=self.utterance.answer,
            outcome=self.outcome,
            problem=self.utterance.problem,
            retries=self.retries,
            rewards=self.rewards,
            done=self.done,
            correct=self.correct,
            details=self.details,
            tokens=self.sample.tokens,
            logprobs=self.sample.logprobs,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
        )


def finished_nodes(drafts: list[NodeDraft]) -> tuple[Node, ...]:
    """Number the turns of an episode level by level, so that it does not matter which answer came first."""
    ordered = sorted(drafts, key=lambda draft: (len(draft.path), draft.path))
    numbers = {draft.path: number for number, draft in enumerate(ordered)}
    return tuple(
        draft.node(numbers[draft.path], None if draft.parent is None else numbers[draft.parent.path])
        for draft in ordered
    )
