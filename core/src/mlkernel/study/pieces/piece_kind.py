"""The kinds of pieces, and which keys of a study belong to each."""

from __future__ import annotations

import re

from attrs import frozen

from mlkernel.config.problems import hint_of
from mlkernel.errors import UnknownNameError, UsageError

PROJECT = "project"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@frozen(kw_only=True)
class PieceKind:
    """One kind of piece."""

    name: str
    """As commands and folders call it."""
    hpogrid: str
    """As hpogrid calls it."""
    summary: str
    """What it says of a study."""
    paths: tuple[str, ...] = ()
    """The keys of a study that belong to it; none for the kind that all others belong to."""


KINDS = {
    kind.name: kind
    for kind in (
        PieceKind(
            name="study", hpogrid="hpo_config", summary="how it is searched: algorithm, metric, trials ..."
        ),
        PieceKind(name="space", hpogrid="search_space", summary="what is searched", paths=("space",)),
        PieceKind(
            name="model",
            hpogrid="model_config",
            summary="what trains, and with which fixed options",
            paths=(
                "trainer",
                "script_arguments",
                "script_options",
                "config",
                "set",
                "configurations",
                "directory",
            ),
        ),
        PieceKind(
            name="launcher",
            hpogrid="grid_config",
            summary="where it runs",
            paths=("launcher", "resources.extra"),
        ),
    )
}
"""Name → kind; a project is none of them, but made of one of each."""
SYNONYMS = {**{kind.hpogrid: kind.name for kind in KINDS.values()}, "project_config": PROJECT}


def owner(path: str) -> str:
    """The name of the kind to which the value at *path*, from the top of a study, belongs."""
    for kind in KINDS.values():
        if any(path == own or path.startswith((f"{own}.", f"{own}[")) for own in kind.paths):
            return kind.name
    return "study"


def kind_name(text: str) -> str:
    """The name of the kind that *text* names: its own name or hpogrid's.

    :raises UnknownNameError: there is no such kind.
    """
    name = SYNONYMS.get(text, text)
    if name in (*KINDS, PROJECT):
        return name
    names = (*KINDS, PROJECT)
    raise UnknownNameError(f"there is no kind of piece {text!r}", hint=hint_of(text, names))


def check_name(name: str) -> str:
    """Return *name* if a piece may be called that.

    :raises UsageError: it could lead out of its folder, or hide in it.
    """
    if NAME.fullmatch(name) and not name.endswith((".yaml", ".yml", ".toml", ".json")):
        return name
    raise UsageError(
        f"{name!r} cannot be the name of a piece",
        hint="A name begins with a letter or digit and has at most 100 letters, digits, dots, dashes and "
        "underscores; it does not end like a file.",
    )
