"""What overrides say, as the tree of a layer: read before the options are known, for the names in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlkernel.config.layers import Assignment, Layer
from mlkernel.config.option_view import USE
from mlkernel.config.overrides import full_words, parse_value

COMMAND_LINE = "command line"


def override_layer(overrides: Sequence[str | Assignment], sections: Mapping[str, type]) -> Layer:
    """The layer that *overrides* make together; what is no name or table in it may be of a wrong type."""
    tree: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for override in overrides:
        path, value, origin = _parts(override)
        words = full_words(path, sections)
        table, last = _table(tree, words[:-1]), words[-1]
        if isinstance(table.get(last), dict) and not isinstance(value, dict):
            table, last = table[last], USE  # a name, for which options were given before
        table[last] = value
        origins[".".join(words)] = origin
    return Layer(tree=tree, source=COMMAND_LINE, origins=origins)


def _parts(override: str | Assignment) -> tuple[str, Any, str]:
    if isinstance(override, Assignment):
        return override.path, override.value, override.origin
    path, _, text = override.partition("=")
    is_table = text.lstrip().startswith("{")
    return path.strip(), parse_value(text, dict) if is_table else text, f"{COMMAND_LINE}: {override}"


def _table(tree: dict[str, Any], words: Sequence[str]) -> dict[str, Any]:
    """The table at the end of *words*, made where there is none; what stood there is taken for a name."""
    for word in words:
        if not isinstance(tree.get(word), dict):
            tree[word] = {USE: tree[word]} if word in tree else {}
        tree = tree[word]
    return tree
