"""Response trees: several answers were followed at each turn, and a turn is worth what follows from it.

After MALT (Motwani et al. 2024, "MALT: Improving Reasoning with Multi-Agent LLM Training", section 3.2): the value of a
turn is the mean of its children's values, that of a leaf the return of the episode that ended there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict

Floats = NDArray[np.float64]


@frozen(kw_only=True)
class Turn:
    """One answer in a tree, and where to find it in the rollouts."""

    episode: int
    """Seed of the episode, which no other episode of the run has."""
    node: int
    """Its id within the episode; a parent's is smaller."""
    parent: int
    """Id of the turn before; -1 at the root."""
    agent: int
    """Index of who spoke."""
    path: int
    """The first path that leads through it."""
    round: int
    text: str
    valid: bool
    """Whether the text keeps the rules; one that breaks them may be rejected but never preferred."""


class ResponseTrees:
    """The trees in some rollouts; a chain is a tree without branches.

    :param rollouts: batch (path, round), a path for each leaf.
    """

    def __init__(self, rollouts: NestedArrayDict) -> None:
        self.turns: dict[tuple[int, int], Turn] = {}
        """(episode, node) → turn, in the order of paths and rounds."""
        self._children: dict[tuple[int, int], set[int]] = {}
        self._values = self._leaf_values(rollouts)
        for episode, node in sorted(self.turns, reverse=True):  # children before their parents
            if children := self._children.get((episode, node)):
                values = [self._values[episode, child] for child in sorted(children)]
                self._values[episode, node] = np.mean(values, axis=0)

    def value(self, turn: Turn) -> float:
        """Expected return of the agent who spoke, given that this was said."""
        return float(self._values[turn.episode, turn.node][turn.agent])

    def siblings(self, agent: int) -> Iterator[tuple[Turn, ...]]:
        """The answers of *agent* to one and the same chat, the first message of an episode included."""
        groups: dict[tuple[int, int], list[Turn]] = {}
        for turn in self.turns.values():
            if turn.agent == agent:
                groups.setdefault((turn.episode, turn.parent), []).append(turn)
        return (tuple(group) for group in groups.values())

    def _leaf_values(self, rollouts: NestedArrayDict) -> dict[tuple[int, int], Floats]:
        """Read all turns; the last one of each path is a leaf."""
        columns = _columns(rollouts)
        returns = np.where(columns["padding"][..., None], 0.0, columns["reward"]).sum(axis=1)
        leaves: dict[tuple[int, int], Floats] = {}
        for path in range(len(returns)):
            turn = None
            for turn in _turns_of(columns, path):
                self.turns.setdefault((turn.episode, turn.node), turn)
                if turn.parent >= 0:
                    self._children.setdefault((turn.episode, turn.parent), set()).add(turn.node)
            if turn is not None:
                leaves[turn.episode, turn.node] = returns[path]
        return leaves


def _columns(rollouts: NestedArrayDict) -> Mapping[str, NDArray[Any]]:
    agents = {
        name: rollouts["agents", name] for name in ("active", "valid", "raw_message", "node_id", "parent_id")
    }
    whole = {name: rollouts[name] for name in ("seed", "padding")}
    return {**agents, **whole, "reward": rollouts["next", "agents", "reward"]}


def _turns_of(columns: Mapping[str, NDArray[Any]], path: int) -> Iterator[Turn]:
    """The turns of one path, first to last."""
    for round_number in np.flatnonzero(~columns["padding"][path]):
        spoke = np.flatnonzero(columns["active"][path, round_number])
        nodes = columns["node_id"][path, round_number]
        for agent in sorted(spoke, key=lambda agent: nodes[agent]):
            yield Turn(
                episode=int(columns["seed"][path, round_number]),
                node=int(nodes[agent]),
                parent=int(columns["parent_id"][path, round_number, agent]),
                agent=int(agent),
                path=path,
                round=int(round_number),
                text=str(columns["raw_message"][path, round_number, agent] or ""),
                valid=bool(columns["valid"][path, round_number, agent]),
            )
