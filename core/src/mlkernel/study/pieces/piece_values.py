"""What a piece says: read from files, checked against the configuration of studies, and told without defaults."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from mlkernel.config.files import read_config_file
from mlkernel.config.layers import Assignment, Layer
from mlkernel.config.option_view import USE
from mlkernel.config.problems import Problem, hint_of, raise_problems
from mlkernel.config.sections import build_sections
from mlkernel.errors import UnknownNameError
from mlkernel.study.engine.study_file import read_study_file
from mlkernel.study.engine.study_objectives import settle_objectives
from mlkernel.study.engine.study_settings import SECTION, plain_study
from mlkernel.study.pieces.hpogrid_piece import CONVERSIONS, is_hpogrid_piece
from mlkernel.study.pieces.model_check import check_model
from mlkernel.study.pieces.piece_folder import SUFFIXES, PieceFolder, find_piece
from mlkernel.study.pieces.piece_kind import owner
from mlkernel.study.pieces.space_piece import merged_space
from mlkernel.study.space.space_reader import read_space_file
from mlkernel.study.space.table_form import to_table
from mlkernel.study.study_config import StudyConfig

SPACE, SET = "space", "set"
TABLES = ("algorithm", "scheduler", "launcher", "resources")
"""Keys of a study that are merged key by key."""
NO_TRAINER = Layer(tree={SECTION: {"trainer": "none"}}, source="")


def read_piece_file(kind: str, path: Path) -> Layer:
    """Read a file as a piece of *kind*: a part of a study file, one of hpogrid's configurations, or a space alone.

    :raises ConfigError: it cannot be read, or its space is wrong; with line and column.
    """
    if kind == SPACE:
        space = to_table(read_space_file(path))
        return Layer(tree={SECTION: {SPACE: space}}, source=str(path), origins=_space_origins(path))
    tree = read_config_file(path).tree
    if is_hpogrid_piece(kind, tree):
        return Layer(tree={SECTION: CONVERSIONS[kind][1](tree)}, source=str(path))
    return read_study_file(path)


def _space_origins(path: Path) -> dict[str, str]:
    """Where the parameters of a file stand, which may be all of it or its section ``space``."""
    layer = read_config_file(path)
    has_section = isinstance(layer.tree.get(SPACE), Mapping)
    prefix = f"{SECTION}." if has_section else f"{SECTION}.{SPACE}."
    return {f"{prefix}{place}": origin for place, origin in layer.origins.items()}


def named_piece(kind: str, text: str, folders: Sequence[PieceFolder]) -> dict[str, Any]:
    """What the piece says that *text* names, a name or a file.

    :raises UnknownNameError: there is none.
    :raises ConfigError: it is not valid.
    """
    is_file = os.sep in text or text.endswith(SUFFIXES)
    path = Path(text) if is_file else find_piece(kind, text, folders).path
    return piece_values(kind, [read_piece_file(kind, path)])


def without_paths(kind: str, layer: Layer, paths: Sequence[str]) -> Layer:
    """*layer* without its values at *paths*.

    :raises UnknownNameError: it says nothing of one of them.
    """
    values = copy.deepcopy(dict(layer.tree[SECTION]))
    for path in paths:
        table, name = _holder(values, path)
        if name not in table and kind == SPACE:
            table, name = values[SPACE], path
        if name not in table:
            raise UnknownNameError(f"{layer.source} says nothing of {path}", hint=hint_of(name, table))
        del table[name]
    return attrs.evolve(layer, tree={SECTION: values})


def _holder(values: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The table in which the value at *path* stands, and its name there, which may have dots itself."""
    first, dot, rest = path.partition(".")
    inner = values.get(first)
    return _holder(inner, rest) if dot and isinstance(inner, dict) else (values, path)


def piece_values(
    kind: str, layers: Sequence[Layer], overrides: Sequence[str | Assignment] = ()
) -> dict[str, Any]:
    """The keys of a study that *layers*, in rising precedence, and then *overrides* give, without defaults.

    :raises ConfigError: lists every value that is wrong, and every key that belongs to another kind.
    """
    config, origins = _structured(kind, layers, overrides)
    return _given_of(plain_study(config), origins)


def completed_piece(kind: str, path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """What a piece says, with the defaults of what it does not say; and the origins of the values.

    :raises ConfigError: it is not valid.
    """
    config, origins = _structured(kind, [read_piece_file(kind, path)], ())
    values = {key: value for key, value in plain_study(config).items() if owner(key) == kind}
    if kind == "launcher":
        values["resources"] = {"extra": plain_study(config)["resources"]["extra"]}
    elif kind == "study":
        values["resources"] = {key: value for key, value in values["resources"].items() if key != "extra"}
    return values, {f"{SECTION}.{place}": origin for place, origin in origins.items()}


def _structured(
    kind: str, layers: Sequence[Layer], overrides: Sequence[str | Assignment]
) -> tuple[StudyConfig, dict[str, str]]:
    """The study that a piece alone makes; and path → origin of what the piece says."""
    layers, overrides = settle_objectives(_merged_by_names(layers), overrides, SECTION)
    beneath = [] if kind == "model" else [NO_TRAINER]
    structured, origins = build_sections({SECTION: StudyConfig}, [*beneath, *layers], overrides)
    given = {path.removeprefix(f"{SECTION}."): origin for path, origin in origins.items() if origin}
    raise_problems(
        [
            Problem(
                path=f"{SECTION}.{path}",
                message=f"is no part of a {kind}",
                origin=origin,
                suggestion=f"it belongs to a piece of the kind {owner(path)}",
            )
            for path, origin in given.items()
            if owner(path) != kind
        ]
    )
    if kind == "model":
        check_model(structured[SECTION], given)
    return structured[SECTION], given


def _given_of(tree: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    """The values of *tree* at *paths*; whole lists and tables, but for those that are merged key by key."""
    words = [path.partition("[")[0].split(".") for path in paths]
    keys = {first for first, *_ in words}
    values: dict[str, Any] = {}
    for key in (key for key in tree if key in keys):
        if key not in TABLES:
            values[key] = tree[key]
            continue
        inner = {rest[0] for first, *rest in words if first == key and rest}
        is_chosen = key != "resources"
        values[key] = {
            name: value
            for name, value in tree[key].items()
            if name in inner or (is_chosen and name in (USE, "config_version"))
        }
    return values


def _merged_by_names(layers: Sequence[Layer]) -> list[Layer]:
    """Spaces, and values of the trainer's options, are merged by names; in studies, the later replace the earlier."""
    space: dict[str, Any] = {}
    fixed: dict[str, Any] = {}
    merged = []
    for layer in layers:
        values = layer.tree.get(SECTION, {})
        changed = dict(values) if isinstance(values, Mapping) else {}
        if isinstance(changed.get(SPACE), Mapping):
            changed[SPACE] = space = merged_space(space, changed[SPACE], layer.source)
        if isinstance(changed.get(SET), Mapping):
            changed[SET] = fixed = {**fixed, **changed[SET]}
        merged.append(attrs.evolve(layer, tree={**layer.tree, SECTION: changed or values}))
    return merged
