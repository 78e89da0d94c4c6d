"""Completes what a user types in the shell: commands and options by argcomplete, names of things by the functions here.

Nothing here imports a plugin, except for the options of a trainer: their names come from its configuration class, which
lies in a module without heavy imports.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Sequence

import argcomplete
from argcomplete.lexers import split_line

from mlkernel.discovery.allow_and_block import read_policy
from mlkernel.discovery.entry_point_index import read_index
from mlkernel.discovery.inventory import InventoryRow, inventory, usable_names
from mlkernel.errors import KernelError

Completer = Callable[..., list[str]]


def complete(build_parser: Callable[[Sequence[str]], argparse.ArgumentParser]) -> None:
    """Answer the shell's request for completions, which is in the environment, and exit; return if there is none."""
    words = split_line(os.environ["COMP_LINE"], int(os.environ["COMP_POINT"]))[3][1:]
    try:
        parser = build_parser(words)
    except KernelError:
        return  # of what cannot be run, nothing can be completed
    for action in _actions(parser):
        if completer := COMPLETERS.get(str(action.metavar) if action.metavar == "RUN" else action.dest):
            action.completer = completer  # type: ignore[attr-defined] # where argcomplete looks for it
    argcomplete.autocomplete(parser)


def trainers(**_: object) -> list[str]:
    """Names of trainers; of those that several distributions claim, the unambiguous spelling."""
    return _names("trainer")


def progress_bars(**_: object) -> list[str]:
    """Names of progress bars."""
    return ["auto", *_names("progress_bar")]


def kinds(**_: object) -> list[str]:
    """Names of kinds of component."""
    return [row.name for row in read_index().kinds()]


def plugins(**_: object) -> list[str]:
    """Everything that ``kernel plugin show`` and its sisters take."""
    return [spelling for row in _inventory() for spelling in row.spellings]


def runs(parsed_args: argparse.Namespace, **_: object) -> list[str]:
    """Names of run directories, and ``latest``."""
    from mlkernel.records.run_directory import run_directories, runs_root

    found = run_directories(runs_root(getattr(parsed_args, "runs", None)))
    return ["latest", *(run.path.name for run in found)]


def piece_kinds(**_: object) -> list[str]:
    """Kinds of stored pieces."""
    from mlkernel.study.pieces.piece_kind import KINDS, PROJECT

    return [*KINDS, PROJECT]


def pieces(parsed_args: argparse.Namespace, **_: object) -> list[str]:
    """Names of stored pieces of the kind that was typed."""
    return _pieces(parsed_args, getattr(parsed_args, "piece_kind", ""))


def projects(parsed_args: argparse.Namespace, **_: object) -> list[str]:
    """Names of stored projects."""
    return _pieces(parsed_args, "project")


def _pieces(parsed_args: argparse.Namespace, kind: str) -> list[str]:
    from mlkernel.study.pieces.piece_folder import piece_folders
    from mlkernel.study.pieces.piece_kind import kind_name

    try:
        folders = piece_folders(getattr(parsed_args, "pieces", None))
        return [piece.name for folder in folders for piece in folder.pieces(kind_name(kind))]
    except KernelError:
        return []


def option_paths(parsed_args: argparse.Namespace, **_: object) -> list[str]:
    """Paths of the chosen trainer's options, up to the equals sign."""
    from mlkernel.config.option_rows import option_rows
    from mlkernel.config.sections import sections_of, settle
    from mlkernel.discovery.name_resolution import resolve

    try:
        component = resolve("trainer", getattr(parsed_args, "trainer", None) or "")
        sections = settle(
            sections_of(component.config_class()), overrides=parsed_args.overrides or ()
        ).sections
    except KernelError:
        return []
    return [f"{row.path}=" for row in option_rows(sections["trainer"])]


COMPLETERS: dict[str, Completer] = {
    "RUN": runs,
    "kind": kinds,
    "overrides": option_paths,
    "piece_kind": piece_kinds,
    "piece_name": pieces,
    "piece_names": pieces,
    "plugin": plugins,
    "progress_bar": progress_bars,
    "project": projects,
    "run": runs,
    "trainer": trainers,
}
"""By the name of the argument, which means the same in every command."""


def _inventory() -> list[InventoryRow]:
    return inventory(read_index(), read_policy())


def _names(kind: str) -> list[str]:
    return usable_names(_inventory(), kind)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Walk through all arguments, those of subcommands included."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to its arguments
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for subparser in action.choices.values():
                yield from _actions(subparser)
        else:
            yield action
