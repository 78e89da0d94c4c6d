"""Rows of training files, made from rollouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlkernel import UsageError
from mlkernel_text.chat import ChatMessage
from mlkernel_text.rollouts.chats import agent_place, chat_of
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict
from mlkernel_text.scenario.scenario import Scenario
from mlkernel_text.scenario.stable_random import stable_hash
from mlkernel_text.trainer.response_tree import Turn

Row = dict[str, Any]

ANSWERED = frozenset({"ok", "length", "invalid"})
"""Outcomes of episodes in which every model gave an answer, if not always one by the rules."""


def answered(rollouts: NestedArrayDict) -> NestedArrayDict:
    """The paths on which every model gave an answer: a refusal or a provider's failure teaches nothing."""
    kept: NestedArrayDict = rollouts[[outcome in ANSWERED for outcome in rollouts["outcome"][:, 0].tolist()]]
    return kept


def supervised_rows(
    rollouts: NestedArrayDict, agent: str, weights: Sequence[float] | None = None
) -> list[Row]:
    """One row for each path on which *agent* spoke, and never broke the rules: its whole chat.

    :param weights: a weight for each path.
    """
    paths = [path for path in range(len(rollouts)) if _keeps_rules(rollouts, path, agent)]
    chats = [(path, chat) for path in paths if (chat := chat_of(rollouts, path, agent))]
    if weights is None:
        return [{"messages": chat} for _, chat in chats]
    return [{"messages": chat, "weight": weights[path]} for path, chat in chats]


def guess_replaced_rows(rollouts: NestedArrayDict, agent: str, scenario: Scenario) -> list[Row]:
    """As :func:`supervised_rows`, with the right decision as the agent's last message."""
    rows = []
    for path in range(len(rollouts)):
        if chat := chat_of(rollouts, path, agent):
            truth = scenario.decision_text(int(rollouts["y"][path, 0]))
            rows.append({"messages": [*chat[:-1], ChatMessage(role="assistant", content=truth)]})
    return rows


def preference_rows(positive: NestedArrayDict, negative: NestedArrayDict, agent: str) -> list[Row]:
    """One row for each pair of paths that differ in the last thing that *agent* said.

    :raises UsageError: there are not as many of one kind as of the other.
    """
    if len(positive) != len(negative):
        raise UsageError(
            f"{agent} has {len(positive)} positive and {len(negative)} negative examples",
            hint="Each positive example is preferred to the negative one in its place: give as many of both.",
        )
    rows = []
    for example in range(len(positive)):
        preferred, rejected = chat_of(positive, example, agent), chat_of(negative, example, agent)
        if preferred[:-1] != rejected[:-1]:
            raise ValueError(f"example {example} compares answers of {agent} to different chats")
        rows.append(
            {
                "input": {"messages": preferred[:-1]},
                "preferred_output": [preferred[-1]],
                "non_preferred_output": [rejected[-1]],
            }
        )
    return rows


def up_to_turns(rollouts: NestedArrayDict, turns: Sequence[Turn]) -> NestedArrayDict:
    """For each turn the path that leads to it, with all later rounds as padding; batch (turn, round)."""
    paths = np.asarray([turn.path for turn in turns], dtype=np.int64)
    last = np.asarray([turn.round for turn in turns], dtype=np.int64)
    cut: NestedArrayDict = rollouts[paths].clone()
    rounds = np.arange(cut["padding"].shape[1])
    cut["padding"] = cut["padding"] | (rounds[None, :] > last[:, None])
    return cut


def set_aside(rows: Sequence[Row], share: float, *purpose: str | int) -> tuple[list[Row], list[Row]]:
    """Draw rows for validation.

    :returns: rows for training, and the rounded *share* of them for validation, at least one if there are two; both in
        the order that they had.
    """
    least = 1 if share > 0 and len(rows) > 1 else 0
    order = np.random.default_rng(stable_hash("validation", *purpose)).permutation(len(rows))
    chosen = set(order[: max(least, round(share * len(rows)))].tolist())
    training = [row for index, row in enumerate(rows) if index not in chosen]
    return training, [row for index, row in enumerate(rows) if index in chosen]


def _keeps_rules(rollouts: NestedArrayDict, path: int, agent: str) -> bool:
    """Whether none of the agent's answers on the path is invalid, cut or missing."""
    place = agent_place(rollouts, agent)
    spoke = rollouts["agents", "active"][path, :, place] & ~rollouts["padding"][path]
    return bool(rollouts["agents", "valid"][path, spoke, place].all())
