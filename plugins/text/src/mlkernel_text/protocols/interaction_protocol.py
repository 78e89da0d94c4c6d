"""What an interaction protocol is: who speaks when, who hears it, who wins what; nothing of prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, Self

from attrs import Factory, evolve, frozen

from mlkernel_text.protocols.decision_scale import DecisionScale
from mlkernel_text.scenario.scenario import ACCEPT, REJECT, Agent, Utterance

Aim = Literal["accept", "reject", "truth", "falsehood"]
"""The decision that a prover wants: a fixed one, or one that depends on whether the claim is true."""


def aimed_decision(aim: Aim, label: int) -> int:
    """The decision that fulfils *aim* where the claim is true (*label* 1) or false (0)."""
    if aim in {"accept", "reject"}:
        return ACCEPT if aim == "accept" else REJECT
    return label if aim == "truth" else 1 - label


@frozen(kw_only=True)
class Part:
    """What an agent has to do in one round."""

    channels: tuple[str, ...] = ()
    """Where it speaks."""
    decides: Literal["no", "may", "must"] = "no"
    aim: Aim | None = None
    """What a prover is told to bring about; ``None`` for a verifier."""


@frozen(kw_only=True)
class Play:
    """How far an episode has come; everything that rules may depend on."""

    label: int
    """1 where the claim is true."""
    seed: int
    """Decides whatever is left to chance."""
    history: tuple[Mapping[str, Utterance], ...] = ()
    """Round → agent → what it said."""

    @property
    def round(self) -> int:
        """The round that comes next, from 0."""
        return len(self.history)

    def followed_by(self, said: Mapping[str, Utterance]) -> Self:
        """The play after one more round."""
        return evolve(self, history=(*self.history, dict(said)))

    def before(self) -> Self:
        """The play before its last round."""
        return evolve(self, history=self.history[:-1])


@frozen(kw_only=True)
class Judgement:
    """What a round brought."""

    rewards: Mapping[str, float] = Factory(dict)
    """Agent → reward; an agent that is not named gets 0."""
    done: bool = False
    decision: int | None = None
    """What was decided in the end, as it counts; ``None`` while, or where, nobody decided."""


class InteractionProtocol(Protocol):
    """Rules without state: pure functions of the play so far. Its factory is called as ``factory(config)``."""

    agents: tuple[Agent, ...]
    channels: Mapping[str, tuple[str, ...]]
    """Channel → its members, who hear whatever is said there by another member."""
    aliases: Mapping[str, str]
    """Agent → the name by which the others know it, where that is not its own."""
    max_rounds: int
    min_rounds: int
    """Rounds before the end of which nobody may decide."""
    scale: DecisionScale
    reward_range: Mapping[str, tuple[float, float]]
    """Agent → least and greatest reward of an episode."""

    def parts(self, play: Play) -> Mapping[str, Part]:
        """Who speaks in the round that comes next; simultaneously, where there are several."""

    def judge(self, play: Play) -> Judgement:
        """What the last round of *play* brought."""
