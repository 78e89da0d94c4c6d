"""What a scenario is: who speaks when, what they are told, what they win."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, Self

from attrs import Factory, frozen

from mlkernel_text.chat import ChatMessage
from mlkernel_text.scenario.curriculum import Curriculum

Split = Literal["train", "validation", "test"]

REJECT, ACCEPT, UNDECIDED, NEITHER = 0, 1, 2, 3
"""Decisions in arrays: against the claim, for it, none taken (yet), explicitly neither."""


@frozen(kw_only=True)
class Instance:
    """One problem, with its ground truth."""

    id: str
    """Unique and stable within its split."""
    fields: Mapping[str, Any]
    """What templates may use, in JSON types, such as ``question`` and ``solution``."""
    label: int
    """1 where the claim is true or the proposed answer right, else 0; for open questions 1."""
    answer: str | None = None
    """The right answer to an open question."""


@frozen(kw_only=True)
class Agent:
    """Somebody who speaks."""

    name: str
    role: Literal["prover", "verifier", "solver"]
    adversarial: bool = False
    """Whether it argues against the truth, or for one fixed side."""


@frozen(kw_only=True)
class Utterance:
    """What an agent said in one turn, read by the rules of the protocol."""

    text: str
    """As the model wrote it."""
    messages: Mapping[str, str] = Factory(dict)
    """Channel → what is said there."""
    decision: int = UNDECIDED
    confidence: float | None = None
    """Degree of acceptance in [0, 1], where the protocol asks for one."""
    answer: str | None = None
    """An open question's answer."""
    problem: str | None = None
    """Why the text breaks the rules; ``None`` when it keeps them."""

    @property
    def is_valid(self) -> bool:
        """Whether the text keeps the rules."""
        return self.problem is None


@frozen(kw_only=True)
class Turn:
    """Somebody's turn to speak."""

    agent: str
    round: int
    """From 0."""
    new_messages: tuple[ChatMessage, ...]
    """What the agent is told since it last spoke; the last one has the role ``user``."""
    chat: tuple[ChatMessage, ...]
    """Everything: its chat at its last turn, what it answered, and then ``new_messages``. Chats only grow."""


@frozen(kw_only=True)
class RoundResult:
    """What a round brought."""

    rewards: Mapping[str, float]
    """Agent → reward of this round; every agent is named."""
    done: bool


class Interaction(Protocol):
    """One episode on its way: rules only, no input or output, and a pure function of instance, seed and answers."""

    round: int
    done: bool
    correct: bool | None
    """Whether the decision is right, once there is one. ``None`` where nobody decided."""

    def turns(self) -> tuple[Turn, ...]:
        """Who speaks in this round; simultaneous where there are several. Empty once it is done."""

    def read(self, agent: str, text: str) -> Utterance:
        """Read an answer by the rules; never raises."""

    def silence(self, agent: str, problem: str) -> Utterance:
        """What counts as said by an agent that gave no usable answer."""

    def advance(self, utterances: Mapping[str, Utterance]) -> RoundResult:
        """End the round with what its speakers said."""

    def copy(self) -> Self:
        """An independent copy, from which the episode can be continued in another way."""


class Scenario(Protocol):
    """A game in text. Its factory is called as ``factory(config, seed)``."""

    agents: tuple[Agent, ...]
    decider: str
    """Name of the agent whose decision or answer is right or wrong."""
    channels: tuple[str, ...]
    max_rounds: int
    reward_range: Mapping[str, tuple[float, float]]
    """Agent → least and greatest reward of an episode."""
    curriculum: Curriculum | None

    def instances(self, split: Split) -> Sequence[Instance]:
        """The problems of a split: disjoint from the other splits, the same for the same seed."""

    def begin(
        self,
        instance: Instance,
        seed: int,
        instructions: Mapping[str, str] = {},
        prompts: Mapping[str, str] = {},
    ) -> Interaction:
        """Start an episode.

        :param seed: decides everything random in the rules, such as the order of speakers.
        :param instructions: agent → further text at the end of its system prompt.
        :param prompts: agent → template of its system prompt, in place of the scenario's own.
        """

    def decision_text(self, label: int) -> str:
        """How the decider would write its decision for *label*; used where guesses are replaced by the truth."""

    def details(self, instance: Instance, utterances: Sequence[tuple[str, Utterance]]) -> Mapping[str, float]:
        """Further numbers about one finished episode, such as whether quotations are faithful; may be empty."""
