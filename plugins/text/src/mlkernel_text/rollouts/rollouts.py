"""Episodes as arrays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mlkernel_text.rollouts.arrays import TEXT, Array
from mlkernel_text.rollouts.episode import Episode, Node
from mlkernel_text.rollouts.nested_array_dict import Key, NestedArrayDict
from mlkernel_text.rollouts.outcomes import USABLE, worst_outcome
from mlkernel_text.scenario.scenario import UNDECIDED, Scenario

_PATH_ROUND: dict[Key, tuple[Any, Any]] = {
    ("y",): (np.int64, 0),
    ("seed",): (np.int64, 0),
    ("iteration",): (np.int64, 0),
    ("episode",): (np.int64, 0),
    ("datapoint_id",): (object, None),
    ("question",): (object, None),
    ("solution",): (object, None),
    ("outcome",): (object, None),
    ("round",): (np.int64, 0),
    ("done",): (np.bool_, False),
    ("terminated",): (np.bool_, False),
    ("padding",): (np.bool_, True),
    ("correct",): (np.float32, np.nan),
}
"""Keys of shape (path, round): dtype, and what stands where nothing is known."""

_PATH_ROUND_AGENT: dict[Key, tuple[Any, Any]] = {
    ("agents", "active"): (np.bool_, False),
    ("agents", "valid"): (np.bool_, False),
    ("agents", "raw_message"): (object, None),
    ("agents", "prompt"): (object, None),
    ("agents", "problem"): (object, None),
    ("agents", "outcome"): (object, None),
    ("agents", "decision"): (np.int64, UNDECIDED),
    ("agents", "confidence"): (np.float32, np.nan),
    ("agents", "answer"): (object, None),
    ("agents", "retry_count"): (np.int64, 0),
    ("agents", "token_limit"): (np.bool_, False),
    ("agents", "node_id"): (np.int64, -1),
    ("agents", "parent_id"): (np.int64, -1),
    ("agents", "prompt_tokens"): (np.int64, 0),
    ("agents", "completion_tokens"): (np.int64, 0),
    ("agents", "tokens"): (object, None),
    ("agents", "logprobs"): (object, None),
    ("next", "agents", "reward"): (np.float32, 0.0),
}
"""Keys of shape (path, round, agent)."""


def rollouts_from(episodes: Sequence[Episode], scenario: Scenario) -> NestedArrayDict:
    """The paths of all episodes as arrays, batch (path, round), padded to the scenario's longest episode.

    A chain is one path; a tree has one for each leaf, and turns that paths share are repeated. ``done`` is true in the
    last round of each path, ``terminated`` there if the rules ended it. The reference documentation tells all keys.
    """
    paths = [(episode, leaf) for episode in episodes for leaf in episode.leaves()]
    shape = (len(paths), scenario.max_rounds)
    by_agent = (*shape, len(scenario.agents))
    arrays: dict[Key, Array] = {
        **{key: np.full(shape, nothing, dtype) for key, (dtype, nothing) in _PATH_ROUND.items()},
        **{key: np.full(by_agent, nothing, dtype) for key, (dtype, nothing) in _PATH_ROUND_AGENT.items()},
        ("agents", "name"): np.full(by_agent, [agent.name for agent in scenario.agents], object),
        ("agents", "message"): np.full((*by_agent, len(scenario.channels)), None, object),
    }
    places = {agent.name: place for place, agent in enumerate(scenario.agents)}
    channels = {name: place for place, name in enumerate(scenario.channels)}
    for number, (episode, leaf) in enumerate(paths):
        path = episode.path(leaf)
        _fill_episode(arrays, number, episode, path)
        for node in path:
            _fill_turn(arrays, (number, node.round), places[node.agent], node)
            for channel, message in node.messages.items():
                arrays["agents", "message"][number, node.round, places[node.agent], channels[channel]] = (
                    message
                )
            for agent, reward in node.rewards.items():
                arrays["next", "agents", "reward"][number, node.round, places[agent]] = reward
    arrays |= dict(_details([leaf for _, leaf in paths], shape))
    texts = {key: array.astype(TEXT) for key, array in arrays.items() if array.dtype == object}
    return NestedArrayDict({**arrays, **texts}, shape)


def _fill_episode(arrays: dict[Key, Array], number: int, episode: Episode, path: Sequence[Node]) -> None:
    facts = {
        "y": episode.label,
        "seed": episode.seed,
        "iteration": episode.iteration,
        "episode": episode.index,
        "datapoint_id": episode.instance,
        "question": _text(episode.fields.get("question")),
        "solution": _text(episode.fields.get("solution")),
        "outcome": worst_outcome(node.outcome for node in path),
    }
    for name, value in facts.items():
        arrays[name,][number] = value
    rounds = arrays["round",].shape[1]
    last = path[-1]
    arrays["round",][number] = np.arange(rounds)
    arrays["padding",][number, : last.round + 1] = False
    arrays["done",][number, last.round] = True
    arrays["terminated",][number, last.round] = last.done
    if last.correct is not None:
        arrays["correct",][number, last.round] = last.correct


def _fill_turn(arrays: dict[Key, Array], place: tuple[int, int], agent: int, node: Node) -> None:
    facts = {
        "active": True,
        "valid": node.outcome in USABLE,
        "raw_message": node.text,
        "prompt": json.dumps(node.prompt, ensure_ascii=False),
        "problem": node.problem,
        "outcome": node.outcome,
        "decision": node.decision,
        "confidence": np.nan if node.confidence is None else node.confidence,
        "answer": node.answer,
        "retry_count": node.retries,
        "token_limit": node.outcome == "length",
        "node_id": node.id,
        "parent_id": -1 if node.parent is None else node.parent,
        "prompt_tokens": node.prompt_tokens,
        "completion_tokens": node.completion_tokens,
        "tokens": None if node.tokens is None else json.dumps(node.tokens),
        "logprobs": None if node.logprobs is None else json.dumps(node.logprobs),
    }
    for name, value in facts.items():
        arrays["agents", name][*place, agent] = value


def _details(leaves: Sequence[Node], shape: tuple[int, int]) -> Iterator[tuple[Key, Array]]:
    """The scenario's further numbers, in the last round of each path."""
    names = sorted({name for leaf in leaves for name in leaf.details})
    for name in names:
        values: Array = np.full(shape, np.nan, np.float32)
        for number, leaf in enumerate(leaves):
            values[number, leaf.round] = leaf.details.get(name, np.nan)
        yield ("details", name), values


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
