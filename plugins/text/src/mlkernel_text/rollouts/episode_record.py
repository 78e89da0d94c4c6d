"""Episodes as JSON: what is at its default is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import fields

from mlkernel_text.rollouts.episode import Episode, Node

_TUPLES = ("prompt", "tokens", "logprobs")


def _defaults(kind: type[Episode | Node]) -> list[tuple[str, Any]]:
    """Names of the fields with their defaults; a field without one gets a value that equals nothing else."""
    return [
        (field.name, field.default.factory() if hasattr(field.default, "factory") else field.default)
        for field in fields(kind)
        if field.name != "nodes"
    ]


_NODE_FIELDS, _EPISODE_FIELDS = _defaults(Node), _defaults(Episode)


def episode_record(episode: Episode) -> dict[str, Any]:
    """*episode* in JSON types; :func:`episode_of` is the way back."""
    record = _without_defaults(episode, _EPISODE_FIELDS)
    record["nodes"] = [_without_defaults(node, _NODE_FIELDS) for node in episode.nodes]
    return record


def episode_of(record: Mapping[str, Any]) -> Episode:
    """The episode that *record* was made of.

    :raises (KeyError, TypeError): it was made of something else.
    """
    nodes = tuple(_node_of(node) for node in record["nodes"])
    return Episode(**{**record, "nodes": nodes})


def _node_of(record: Mapping[str, Any]) -> Node:
    tuples = {name: tuple(record[name]) for name in _TUPLES if name in record}
    return Node(**{**record, **tuples})


def _without_defaults(thing: Episode | Node, names: list[tuple[str, Any]]) -> dict[str, Any]:
    record = {}
    for name, default in names:
        value = getattr(thing, name)
        if value != default:
            record[name] = value
    return record
