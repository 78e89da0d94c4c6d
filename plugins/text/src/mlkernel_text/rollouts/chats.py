"""The chat of an agent, put together from rollouts."""

from __future__ import annotations

import json

from mlkernel_text.chat import ChatMessage
from mlkernel_text.rollouts.nested_array_dict import NestedArrayDict

SILENCE = ""
"""What stands in a chat in the place of an answer that broke the rules."""


def chat_of(
    rollouts: NestedArrayDict, path: int, agent: str, upto_round: int | None = None
) -> list[ChatMessage]:
    """What an agent was told and answered on one path, ending with its last answer; empty if it never spoke.

    An answer that broke the rules stands there as it was written if it is the last one; before, the chat has the
    silence that it counted as.

    :param rollouts: batch (path, round); rounds that are padding are left out.
    :param upto_round: the last round that counts; without it, the whole episode.
    :raises KeyError: there is no such agent.
    """
    place = agent_place(rollouts, agent)
    active = rollouts["agents", "active"][path, :, place] & ~rollouts["padding"][path]
    chat: list[ChatMessage] = []
    for number in active.nonzero()[0].tolist():
        if upto_round is not None and number > upto_round:
            break
        chat += json.loads(rollouts["agents", "prompt"][path, number, place])
        answer = rollouts["agents", "raw_message"][path, number, place]
        is_heard = bool(rollouts["agents", "valid"][path, number, place])
        chat.append(ChatMessage(role="assistant", content=answer if is_heard else SILENCE))
    if chat and not is_heard:
        chat[-1]["content"] = answer
    return chat


def agent_place(rollouts: NestedArrayDict, agent: str) -> int:
    """Where an agent stands in arrays of shape (path, round, agent).

    :raises KeyError: there is no such agent.
    """
    names: list[str] = rollouts["agents", "name"][0, 0].tolist()
    if agent not in names:
        raise KeyError(f"there is no agent {agent!r} among {', '.join(names)}")
    return names.index(agent)
