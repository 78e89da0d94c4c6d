"""Episodes as JSON: what is at its default is left out."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from attrs import fields

from mlkernel_text.answers.answer_store import log_probabilities
from mlkernel_text.rollouts.episode import Episode, Node


def _defaults(kind: type[Episode | Node]) -> dict[str, Any]:
    """Names of the fields with their defaults; a field without one gets a value that equals nothing else."""
    return {
        field.name: field.default.factory() if hasattr(field.default, "factory") else field.default
        for field in fields(kind)
        if field.name != "nodes"
    }


_NODE, _EPISODE = _defaults(Node), _defaults(Episode)
_values_of_node, _values_of_episode = attrgetter(*_NODE), attrgetter(*_EPISODE)


def episode_record(episode: Episode) -> dict[str, Any]:
    """*episode* in JSON types; :func:`episode_of` is the way back."""
    record = _without_defaults(_EPISODE, _values_of_episode(episode))
    record["nodes"] = [_without_defaults(_NODE, _values_of_node(node)) for node in episode.nodes]
    return record


def episode_of(record: Mapping[str, Any]) -> Episode:
    """The episode that *record* was made of.

    :raises (KeyError, TypeError): it was made of something else.
    """
    nodes = tuple(_node_of(node) for node in record["nodes"])
    return Episode(**{**record, "nodes": nodes})


def _node_of(record: Mapping[str, Any]) -> Node:
    fields_of_node = {**record, "prompt": tuple(record["prompt"])}
    if "tokens" in record:
        fields_of_node["tokens"] = tuple(record["tokens"])
    if "logprobs" in record:
        fields_of_node["logprobs"] = log_probabilities(record["logprobs"])
    return Node(**fields_of_node)


def _without_defaults(defaults: Mapping[str, Any], values: tuple[Any, ...]) -> dict[str, Any]:
    return {
        name: value
        for (name, default), value in zip(defaults.items(), values, strict=True)
        if value != default
    }
