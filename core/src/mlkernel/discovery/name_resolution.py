"""From what a user wrote to one component.

Four spellings: ``ppo`` (a name that one distribution claims), ``mlkernel-rl:ppo`` (that distribution's),
``package.module:Attribute`` (anything importable) and ``./file.py:Attribute`` (anything in a file).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlkernel.descriptors import Descriptor
from mlkernel.discovery.allow_and_block import PluginPolicy, entry_key, read_policy
from mlkernel.discovery.component import Component
from mlkernel.discovery.entry_point_index import EntryPointIndex, read_index
from mlkernel.discovery.entry_point_row import EntryPointRow
from mlkernel.discovery.loading import check_api_version, load_attribute, load_entry_point
from mlkernel.discovery.unknown_name import blocked_name, unknown_kind, unknown_name
from mlkernel.errors import NameConflictError, PluginError, UsageError


def resolve(kind: str, text: str) -> Component:
    """Find the component of *kind* that *text* means, and import its descriptor.

    :raises UnknownNameError: nobody provides it; says what comes close.
    :raises NameConflictError: several distributions do; names them.
    :raises ApiVersionError: it was made for another major version of mlkernel's contracts.
    :raises PluginError: its descriptor, or the object named directly, cannot be imported.
    """
    index, policy = read_index(), read_policy()
    group = next((row.group for row in index.kinds() if row.name == kind), None)
    if group is None:
        raise unknown_kind(kind, index)
    left, colon, name = text.rpartition(":")
    if text.removesuffix(":").endswith(".py"):
        raise UsageError(
            f"{text} names a file only", hint=f"Name what is in it, too: {text.removesuffix(':')}:Name"
        )
    if left.endswith(".py"):
        return _component_of_file(kind, left, name)
    candidates = [row for row in index.rows(group) if row.name == name and _is_from(row, left)]
    permitted = [row for row in candidates if policy.reason_against(kind, row) is None]
    if len(permitted) > 1:
        raise _conflict(kind, name, permitted)
    if permitted:
        return component_of_row(kind, permitted[0])
    if colon and not candidates and _is_module_path(left):
        return _component_of_object(kind, text, name)
    raise _nothing_found(kind, text, candidates, index, policy)


def component_of_row(kind: str, row: EntryPointRow) -> Component:
    """Import the descriptor that an entry point names.

    :raises PluginError: when that fails, or it names something else.
    :raises ApiVersionError: it was made for another major version of mlkernel's contracts.
    """
    title = f"{kind} {row.name!r} ({row.distribution} {row.version})"
    if row.api is not None:
        check_api_version(row.api, asked_by=title, distribution=row.distribution)
    descriptor = load_entry_point(row, asked_by=title)
    if not isinstance(descriptor, Descriptor):
        raise PluginError(
            f"{title}: {row.value} is of the type {type(descriptor).__name__}, not a Descriptor",
            hint=f"Its author has to let the entry point name an mlkernel.Descriptor; tell {row.distribution}.",
        )
    if row.api is None:
        check_api_version(descriptor.api, asked_by=title, distribution=row.distribution)
    return Component(
        kind=kind,
        name=row.name,
        reference=row.reference,
        distribution=row.distribution,
        version=row.version,
        descriptor=descriptor,
        origin=row.value,
    )


def _component_of_file(kind: str, path: str, attribute: str) -> Component:
    absolute = Path(path).expanduser().resolve()
    if not absolute.is_file():
        there = "is a folder" if absolute.is_dir() else "does not exist"
        raise UsageError(
            f"the file {absolute} {there}", hint=f"--{kind} takes NAME or ./path/of/file.py:Attribute"
        )
    return _component_of_object(kind, f"{absolute}:{attribute}", attribute)


def _component_of_object(kind: str, reference: str, name: str) -> Component:
    title = f"{kind} {reference}"
    found = load_attribute(reference, asked_by=title)
    descriptor = found if isinstance(found, Descriptor) else _made_up_descriptor(found, reference, name)
    check_api_version(descriptor.api, asked_by=title, distribution=None)
    return Component(
        kind=kind,
        name=descriptor.name,
        reference=reference,
        distribution=None,
        version=None,
        descriptor=descriptor,
        origin=reference.rpartition(":")[0],
    )


def _made_up_descriptor(found: Any, reference: str, name: str) -> Descriptor:
    if not callable(found):
        raise PluginError(
            f"{reference} is of the type {type(found).__name__}; a class or a function is needed"
        )
    first_line = ((found.__doc__ or "").strip().splitlines() or [""])[0]
    config = f"{reference}.Config" if isinstance(getattr(found, "Config", None), type) else None
    return Descriptor(name=name, summary=first_line, factory=reference, config=config)


def _is_from(row: EntryPointRow, distribution: str) -> bool:
    return not distribution or entry_key(row.distribution) == entry_key(distribution)


def _is_module_path(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def _conflict(kind: str, name: str, rows: list[EntryPointRow]) -> NameConflictError:
    claimants = " and ".join(f"{row.distribution} {row.version}" for row in rows)
    spellings = " or ".join(row.reference for row in rows)
    return NameConflictError(
        f"{len(rows)} distributions provide a {kind.replace('_', ' ')} {name!r}: {claimants}",
        hint=f"Write {spellings}.",
    )


def _nothing_found(
    kind: str, text: str, candidates: list[EntryPointRow], index: EntryPointIndex, policy: PluginPolicy
) -> UsageError:
    if candidates:
        return blocked_name(kind, candidates[0], policy)
    return unknown_name(kind, text, index, policy)
