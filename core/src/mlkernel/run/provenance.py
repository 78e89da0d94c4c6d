"""Where a run's code came from: versions and sources, written beside its results."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkernel.records.redaction import Redactor

if TYPE_CHECKING:
    from mlkernel.discovery.component import Component


def describe_provenance(components: Iterable[Component], command: list[str]) -> dict[str, Any]:
    """Versions of everything that the *components* of a run consist of.

    :param command: what was typed.
    """
    components = list(components)
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "mlkernel": metadata.version("mlkernel"),
        "plugins": [_describe(component) for component in components],
        "packages": _needed_versions(components),
        "command": command,
    }


def versions_in_use(components: Iterable[Component]) -> dict[str, str]:
    """Versions of Python, mlkernel, the distributions of the *components* and what they need, by name."""
    components = list(components)
    return {
        "python": platform.python_version(),
        "mlkernel": metadata.version("mlkernel"),
        **{one.distribution: one.version for one in components if one.distribution and one.version},
        **_needed_versions(components),
    }


def changed_versions(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What differs, as ``name: version before -> version now``."""
    return [
        f"{name}: {before.get(name, 'absent')} -> {now.get(name, 'absent')}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]


def current_command() -> list[str]:
    """The command line of this process, its program by name only and without the values of secret variables."""
    redactor = Redactor()
    return [Path(sys.argv[0]).name, *(redactor.text(word) for word in sys.argv[1:])]


def _describe(component: Component) -> dict[str, Any]:
    described: dict[str, Any] = {
        "kind": component.kind,
        "name": component.name,
        "reference": component.reference,
        "distribution": component.distribution,
        "version": component.version,
    }
    path = Path(component.reference.rpartition(":")[0])
    if path.suffix == ".py" and path.is_file():
        described["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return described


def _needed_versions(components: Iterable[Component]) -> dict[str, str]:
    needed = {module for component in components for module in component.descriptor.needs}
    return {name: version for name in sorted(needed) if (version := _version(name)) is not None}


def _version(module: str) -> str | None:
    try:
        return metadata.version(module)
    except metadata.PackageNotFoundError:
        return None
