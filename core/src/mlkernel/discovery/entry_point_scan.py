"""Reads the entry points of all installed distributions: done anew only after something was installed or removed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, EntryPoint, PackageMetadata, distributions

from mlkernel.discovery.descriptor_source import read_descriptor_source
from mlkernel.discovery.entry_point_row import EntryPointRow

GROUP_PREFIX = "mlkernel."


def scan(search_path: Sequence[str]) -> tuple[list[EntryPointRow], list[str]]:
    """Return all entry points of groups ``mlkernel.*`` below *search_path*, and the source files that were read.

    Rows are sorted, so that nothing ever depends on the order in which a file system lists folders.
    """
    rows: list[EntryPointRow] = []
    files = set()
    for distribution, metadata in _importable_distributions(search_path):
        for entry_point in _entry_points(distribution):
            source = read_descriptor_source(entry_point.value, search_path)
            rows.append(_row(metadata, entry_point, source.literals))
            if source.file is not None:
                files.add(str(source.file))
    return sorted(rows, key=lambda row: (row.group, row.name, row.distribution)), sorted(files)


def normalised(name: str) -> str:
    """Return a distribution's name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _importable_distributions(
    search_path: Sequence[str],
) -> Iterator[tuple[Distribution, PackageMetadata]]:
    """Of two installations of one distribution only the first is importable.

    Their metadata come along: a distribution reads and parses its file whenever it is asked for them.
    """
    seen = set()
    for distribution in distributions(path=list(search_path)):
        try:
            metadata = distribution.metadata
            name = normalised(metadata["Name"])
        except (TypeError, AttributeError, OSError, UnicodeDecodeError):
            continue  # a remnant without metadata, such as an interrupted uninstallation leaves behind
        if name not in seen:
            seen.add(name)
            yield distribution, metadata


def _entry_points(distribution: Distribution) -> list[EntryPoint]:
    try:
        return [point for point in distribution.entry_points if point.group.startswith(GROUP_PREFIX)]
    except (TypeError, ValueError, AttributeError, OSError) as error:
        name = distribution.metadata["Name"]
        warnings.warn(
            f"entry_points.txt of {name} cannot be read, its plugins are not found: {error}", stacklevel=1
        )
        return []


def _row(metadata: PackageMetadata, point: EntryPoint, literals: dict[str, object]) -> EntryPointRow:
    summary, api, needs, plural = (literals.get(key) for key in ("summary", "api", "needs", "plural"))
    return EntryPointRow(
        group=point.group,
        name=point.name,
        value=point.value,
        distribution=metadata["Name"],
        version=metadata["Version"],
        summary=summary if isinstance(summary, str) else None,
        api=_version(api),
        needs=tuple(map(str, needs)) if isinstance(needs, tuple | list) else None,
        plural=plural if isinstance(plural, str) else None,
    )


def _version(value: object) -> tuple[int, int] | None:
    match value:
        case [int(major), int(minor)]:
            return major, minor
    return None
