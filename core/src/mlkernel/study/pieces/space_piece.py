"""Spaces as pieces: parameters are laid over each other by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlkernel.study.space.hpogrid_form import is_hpogrid
from mlkernel.study.space.mle_toolbox_form import is_mle_toolbox
from mlkernel.study.space.space_reader import read_space
from mlkernel.study.space.table_form import CONSTRAINTS, METHOD, to_table


def merged_space(table: Mapping[str, Any], other: Mapping[str, Any], source: str) -> dict[str, Any]:
    """*other* laid over *table*: parameters replace those of their name, constraints are added.

    :param table: in the table form.
    :param other: in any form.
    :param source: where it is from, for messages.
    :returns: the table form.
    :raises ConfigError: lists everything that is wrong.
    """
    flat = _table_form(other, source)
    constraints = [*table.get(CONSTRAINTS, []), *_listed(flat.get(CONSTRAINTS, []))]
    merged = {**table, **flat, CONSTRAINTS: list(dict.fromkeys(constraints))}
    return to_table(read_space(merged, source))


def _table_form(table: Mapping[str, Any], source: str) -> dict[str, Any]:
    """With full names as keys; not checked where parameters may depend on those of another table."""
    if is_hpogrid(table) or is_mle_toolbox(table):
        return to_table(read_space(table, source))
    return dict(_entries(table, ""))


def _entries(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, entry in table.items():
        if isinstance(entry, Mapping) and METHOD not in entry:
            yield from _entries(entry, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", entry


def _listed(texts: Any) -> list[Any]:
    return list(texts) if isinstance(texts, list | tuple) else [texts]
