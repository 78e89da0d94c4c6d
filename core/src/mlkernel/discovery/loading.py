"""Imports what was chosen, and turns everything that can go wrong there into one clear message."""

from __future__ import annotations

import importlib.util
import sys
import traceback
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mlkernel.api_version import API_VERSION
from mlkernel.errors import ApiVersionError, PluginError

if TYPE_CHECKING:
    from mlkernel.discovery.entry_point_row import EntryPointRow


def load_entry_point(row: EntryPointRow, *, asked_by: str) -> Any:
    """Import the object that an entry point names.

    :param asked_by: what messages call it, such as ``trainer 'ppo' (mlkernel-rl 0.1.0)``.
    :raises PluginError: whatever the import raised.
    """
    from mlkernel.discovery.chosen_driver import ChosenDriver

    with _one_line_errors(asked_by, hint=f"kernel plugin doctor {row.reference} shows the rest."):
        return ChosenDriver(row).driver


def load_attribute(reference: str, *, asked_by: str) -> Any:
    """Import the object that ``package.module:Attribute`` or ``path/of/file.py:Attribute`` names.

    :raises PluginError: whatever the import raised, or when the module has no such attribute.
    """
    place, _, path = reference.rpartition(":")
    with _one_line_errors(asked_by, hint="The option --traceback shows the rest."):
        module = _load_file(place) if place.endswith(".py") else _load_module(place)
    found: Any = module
    for attribute in path.split("."):
        if not hasattr(found, attribute):
            whose = "" if place in asked_by else f"{asked_by}: "
            raise PluginError(f"{whose}{place} has no {path!r}", hint=_similar(attribute, found))
        found = getattr(found, attribute)
    return found


def load_module(name: str, *, asked_by: str) -> ModuleType:
    """Import the module ``package.module``.

    :raises PluginError: whatever the import raised.
    """
    if ":" in name:
        raise PluginError(
            f"{asked_by}: a module is named as package.module, not as {name}",
            hint="Let its descriptor name the module that has add_arguments and run.",
        )
    with _one_line_errors(asked_by, hint="The option --traceback shows the rest."):
        return _load_module(name)


def require_modules(names: Sequence[str], *, asked_by: str, component: str, distribution: str | None) -> None:
    """Refuse when one of the top-level modules *names* is not installed; none of them is imported.

    :param component: its name; an extra of *distribution* that has it, or that of a missing module, brings the modules.
    :raises PluginError: naming all that are missing.
    """
    missing = [name for name in names if name not in sys.modules and importlib.util.find_spec(name) is None]
    if missing:
        modules = ", ".join(repr(name) for name in missing)
        raise PluginError(
            f"{asked_by} needs {modules}, which is not installed",
            hint=_how_to_install(missing, component, distribution),
        )


def _how_to_install(missing: Sequence[str], component: str, distribution: str | None) -> str:
    if distribution is None:
        return f"pip install {' '.join(missing)}"
    from importlib.metadata import metadata  # takes long, and nearly never happens

    extras = metadata(distribution).get_all("Provides-Extra") or []
    extra = next((name for name in (component, *missing) if name in extras), None)
    if extra is not None:
        return f"pip install '{distribution}[{extra}]'"
    return f"pip install {' '.join(missing)}, or what it depends on altogether: pip install {distribution}"


def check_api_version(api: tuple[int, int], *, asked_by: str, distribution: str | None) -> None:
    """Refuse a component of another major version of the contracts; warn of a newer minor one.

    :raises ApiVersionError: naming the side that has to be upgraded.
    """
    (major, minor), (own_major, own_minor) = api, API_VERSION
    if major != own_major:
        upgrade = "mlkernel" if major > own_major else distribution or "it"
        raise ApiVersionError(
            f"{asked_by} was made for version {major}.{minor} of mlkernel's contracts; "
            f"this mlkernel has {own_major}.{own_minor}",
            hint=f"Upgrade {upgrade}" + (f": pip install --upgrade {upgrade}" if upgrade != "it" else "."),
        )
    if minor > own_minor:
        warnings.warn(
            f"{asked_by} was made for version {major}.{minor} of mlkernel's contracts, newer than the "
            f"{own_major}.{own_minor} of this mlkernel; if it fails, upgrade mlkernel.",
            stacklevel=2,
        )


@contextmanager
def _one_line_errors(asked_by: str, *, hint: str) -> Iterator[None]:
    """Report any exception of an import, SystemExit included, by its type, its first line and its place."""
    try:
        yield
    except PluginError:
        raise
    except (Exception, SystemExit) as error:
        first_line = (str(error).splitlines() or [""])[0]
        cause = f"{type(error).__name__}: {first_line}{_place(error)}"
        raise PluginError(f"{asked_by} cannot be loaded\n  {cause}", hint=hint) from error


def _place(error: BaseException) -> str:
    """Tell where *error* arose, leaving out the machinery of imports and this package."""
    if isinstance(error, SyntaxError):
        return f" ({error.filename}:{error.lineno})"
    machinery = {"importlib", "stevedore", Path(__file__).parent.name}
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith("<") and machinery.isdisjoint(Path(frame.filename).parts):
            return f" ({frame.filename}:{frame.lineno})"
    return ""


def _load_module(name: str) -> ModuleType:
    top_level = name.partition(".")[0]
    if importlib.util.find_spec(top_level) is None:
        raise PluginError(
            f"there is no module {top_level!r}",
            hint="The current folder is not searched: install the package, or name its file as ./file.py:Name.",
        )
    return import_module(name)


def _load_file(path: str) -> ModuleType:
    """Import a file once, under a name that no installed module can have."""
    absolute = Path(path).resolve()
    name = f"mlkernel_file_{zlib.crc32(bytes(absolute)):08x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, absolute)
    assert spec is not None  # a suffix of .py always has a loader
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before execution: attrs looks the annotations of a class up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _similar(attribute: str, found: Any) -> str | None:
    from difflib import get_close_matches

    names = [name for name in vars(found) if not name.startswith("_")] if hasattr(found, "__dict__") else []
    close = get_close_matches(attribute, names, n=1)
    return f"Did you mean {close[0]!r}?" if close else None
