"""The actions of ``kernel config`` on stored pieces: create, recreate, update, remove, list."""

from __future__ import annotations

import argparse
from typing import Any

from mlkernel.cli import piece_listing
from mlkernel.cli.piece_arguments import ADDING, add_piece_arguments

MAKING = {
    "create": "keep a study, space, model, launcher or project under a name",
    "recreate": "replace one, and keep a backup of the former",
    "update": "change some of what one says",
}
"""Each action that makes something, and its line in the help."""
HPOGRID = {
    "study": "hpo_config",
    "space": "search_space",
    "model": "model_config",
    "launcher": "grid_config",
    "project": "project_config",
}
"""Kind → hpogrid's name of it."""


def add_piece_actions(actions: Any) -> None:
    """Declare the actions.

    :param actions: the subparsers of ``kernel config``.
    """
    for action, summary in MAKING.items():
        parser = _parser(actions, action, summary)
        kinds = parser.add_subparsers(metavar="KIND", required=True)
        for kind in ADDING:
            described = kinds.add_parser(kind, aliases=[HPOGRID[kind]], help=f"a {kind}", allow_abbrev=False)
            add_piece_arguments(described, kind, action)
            described.set_defaults(config_action=_make, action=action, piece_kind=kind)
    listed = _parser(actions, "list", "list stored pieces")
    piece_listing.add_list_arguments(listed)
    listed.set_defaults(config_action=piece_listing.run_list)
    remove = _parser(actions, "remove", "remove stored pieces")
    piece_listing.add_remove_arguments(remove)
    remove.set_defaults(config_action=piece_listing.run_remove)


def _parser(actions: Any, name: str, summary: str) -> argparse.ArgumentParser:
    description = f"{summary[:1].upper()}{summary[1:]}."
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=description, allow_abbrev=False
    )
    return parser


def _make(arguments: argparse.Namespace) -> int:
    from mlkernel.cli.piece_making import run_making

    return run_making(arguments)
