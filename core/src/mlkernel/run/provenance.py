"""Where a run's code came from: versions and sources, written beside its results."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable
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
    needed = {module for component in components for module in component.descriptor.needs}
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "mlkernel": metadata.version("mlkernel"),
        "plugins": [_describe(component) for component in components],
        "packages": {name: version for name in sorted(needed) if (version := _version(name)) is not None},
        "command": command,
    }


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


def _version(module: str) -> str | None:
    try:
        return metadata.version(module)
    except metadata.PackageNotFoundError:
        return None
