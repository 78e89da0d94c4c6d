"""The record of one episode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from attrs import Factory, frozen

from mlkernel_text.backends.backend import SampleOutcome
from mlkernel_text.chat import ChatMessage
from mlkernel_text.scenario.scenario import UNDECIDED, Split

EpisodeOutcome = Literal["ok", "length", "refused", "filtered", "overlong", "invalid", "error"]
"""``ok`` and ``length`` may be trained on."""


@frozen(kw_only=True)
class Node:
    """One agent's turn: what it was told, what it answered."""

    id: int
    """Unique within the episode, from 0 in the order of creation along the tree (breadth first)."""
    parent: int | None
    """The turn before; ``None`` for the first."""
    agent: str
    round: int
    prompt: tuple[ChatMessage, ...]
    """What the agent was told since its last turn on this path."""
    text: str
    messages: Mapping[str, str] = Factory(dict)
    decision: int = UNDECIDED
    confidence: float | None = None
    answer: str | None = None
    outcome: SampleOutcome | Literal["invalid"] = "ok"
    problem: str | None = None
    retries: int = 0
    """Answers that were asked for again because they broke the rules."""
    rewards: Mapping[str, float] = Factory(dict)
    """Agent → reward of the round that this turn ended; empty if the round goes on."""
    done: bool = False
    """Whether the episode ended with this turn."""
    correct: bool | None = None
    """At an episode's end: whether the decision is right."""
    details: Mapping[str, float] = Factory(dict)
    """At an episode's end: the scenario's further numbers."""
    tokens: tuple[int, ...] | None = None
    logprobs: tuple[float, ...] | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0


@frozen(kw_only=True)
class Episode:
    """An episode that ended: a chain of turns, or a tree where several answers were followed."""

    iteration: int
    split: Split
    index: int
    """Position among the episodes of its iteration and split."""
    instance: str
    """Id of the problem."""
    seed: int
    label: int
    fields: Mapping[str, Any]
    nodes: tuple[Node, ...]
    outcome: EpisodeOutcome = "ok"
    """The worst of its turns."""
    problem: str | None = None

    def leaves(self) -> Iterator[Node]:
        """Turns with which a path ends."""
        parents = {node.parent for node in self.nodes}
        return (node for node in self.nodes if node.id not in parents)

    def path(self, leaf: Node) -> tuple[Node, ...]:
        """All turns from the first one to *leaf*."""
        nodes = {node.id: node for node in self.nodes}
        path = [leaf]
        while path[-1].parent is not None:
            path.append(nodes[path[-1].parent])
        return tuple(reversed(path))
