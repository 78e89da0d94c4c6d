"""Commands that plugins add to ``kernel``: listed from the index of entry points, imported when they are typed."""

from __future__ import annotations

from collections.abc import Container, Iterable
from types import ModuleType
from typing import NamedTuple

from mlkernel.discovery.allow_and_block import read_policy
from mlkernel.discovery.entry_point_index import read_index
from mlkernel.discovery.inventory import inventory
from mlkernel.errors import KernelError, PluginError, UnknownNameError

KIND = "command"


class InstalledCommands(NamedTuple):
    """What is installed beside the built-in commands."""

    summaries: dict[str, str]
    """Name, or ``distribution:name`` where several distributions claim it → line in ``kernel --help``."""
    remarks: list[str]
    """Why others are not among them."""


def installed_commands(built_in: Container[str]) -> InstalledCommands:
    """List the commands of plugins; whatever is wrong with these, ``kernel --help`` works.

    :param built_in: names that plugins cannot have.
    """
    try:
        rows = [row for row in inventory(read_index(), read_policy()) if row.kind == KIND]
    except KernelError as error:
        return InstalledCommands({}, [f"Commands of plugins cannot be listed: {error.message}."])
    usable = [row for row in rows if row.state in ("ok", "conflict")]
    summaries = {
        row.name if row.state == "ok" else row.entry_point.reference: f"{row.summary} ({row.distribution})"
        for row in usable
        if row.name not in built_in
    }
    remarks = [
        f"The command {row.name!r} of {row.distribution} cannot be had: kernel has one of that name."
        for row in usable
        if row.name in built_in
    ]
    return InstalledCommands(summaries, remarks)


def load_command(name: str, built_in: Container[str], known: Iterable[str]) -> ModuleType:
    """Import the module of the command that *name* means.

    :param known: names of all commands, for a suggestion.
    :raises UnknownNameError: nobody provides it.
    :raises NameConflictError: several distributions do.
    :raises PluginError: it has a built-in command's name, cannot be imported, or is no command.
    """
    from mlkernel.discovery.name_resolution import resolve

    try:
        component = resolve(KIND, name)
    except UnknownNameError as error:
        raise _unknown_command(name, known, error) from None
    if component.name in built_in:
        raise PluginError(
            f"{component.title} cannot be had: kernel has a command of that name",
            hint=f"kernel {component.name} is the built-in one; tell the authors of {component.distribution}.",
        )
    return component.module()


def _unknown_command(name: str, known: Iterable[str], error: UnknownNameError) -> UnknownNameError:
    from difflib import get_close_matches

    if "blocked" in error.message:
        return error
    close = get_close_matches(name, list(known), n=1)
    suggestion = f"; did you mean {close[0]!r}?" if close else ""
    return UnknownNameError(f"there is no command {name!r}{suggestion}", hint="kernel --help lists all.")
