"""The configuration of a run whose target is no kernel trainer: nested plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mlkernel.study.worker.messages import TrainRun

_SEPARATOR = re.compile(r"[/.]")


def nested_config(order: TrainRun, *, section: str | None = None) -> dict[str, Any]:
    """Files, then what all trials share, then the point; later ones over earlier ones, tables key by key.

    :param section: if the files have this table, names that begin with no key of theirs belong in it.
    :raises ConfigError: a file cannot be read.
    """
    config: dict[str, Any] = {}
    for file in order.config:
        _lay_over(config, _tree(file))
    known = set(config)
    for values in (order.set, order.parameters):
        for name, value in values.items():
            words = _SEPARATOR.split(name)
            if section is not None and section in known and words[0] not in known:
                words = [section, *words]
            put(config, words, value)
    return config


def put(table: dict[str, Any], path: list[str], value: Any) -> None:
    """Set the value at *path*, making tables on the way; a table is laid over a table key by key."""
    *parents, last = path
    for word in parents:
        if not isinstance(table.get(word), dict):
            table[word] = {}
        table = table[word]
    if isinstance(value, Mapping):
        if not isinstance(table.get(last), dict):
            table[last] = {}
        _lay_over(table[last], value)
    else:
        table[last] = value


def _tree(file: str) -> Mapping[str, Any]:
    # Imported when it is needed: a worker that reads no file starts sooner.
    from mlkernel.config.files import read_config_file
    from mlkernel.config.problems import raise_problems

    layer = read_config_file(file)
    raise_problems(list(layer.problems))
    return layer.tree


def _lay_over(table: dict[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        put(table, [key], value)
