"""Imports one plugin in a process of its own and reports each step: ``python -m mlkernel.discovery.probe``.

Its arguments are kind, group, name, value, distribution and version of an entry point. It prints one JSON object per
step as soon as the step is done, so that what a crash or an endless import interrupts is known, too.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

# Imported here so that the time of a plugin's import is its own.
from mlkernel.descriptors import Kind
from mlkernel.discovery import chosen_driver  # noqa: F401
from mlkernel.discovery.component import Component
from mlkernel.discovery.entry_point_row import EntryPointRow
from mlkernel.discovery.loading import load_entry_point
from mlkernel.discovery.name_resolution import component_of_row
from mlkernel.errors import PluginError

HEAVY_MODULES = (
    "torch", "numpy", "pandas", "scipy", "matplotlib", "tensordict", "torchrl", "gymnasium", "jax", "tensorflow",
    "transformers", "ray",
)  # fmt: skip
"""Modules that cost seconds or hundreds of milliseconds, and that lists and ``--help`` must not pay for."""


def main(arguments: list[str]) -> None:
    """Probe the plugin that *arguments* name."""
    kind, group, name, value, distribution, version = arguments
    # What the plugin prints must not mix with the report.
    report = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for step in probe(kind, EntryPointRow(group, name, value, distribution, version)):
        report.write(json.dumps(step) + "\n")


def probe(kind: str, row: EntryPointRow) -> Iterator[dict[str, Any]]:
    """Import descriptor, configuration class and factory in turn; end at the first failure.

    Yields dictionaries with ``step``, ``milliseconds``, ``imports`` (heavy modules that this step brought in),
    ``error`` (one line or ``None``) and ``traceback``.
    """
    loaded: list[Component] = []

    def descriptor() -> None:
        if kind == "kind":
            _load_kind(row)
        else:
            loaded.append(component_of_row(kind, row))

    yield (first := _timed("descriptor", descriptor))
    if first["error"] is None and loaded:
        if loaded[0].descriptor.config is not None:
            yield _timed("config", loaded[0].config_class)
        yield _timed("factory", loaded[0].module if kind == "command" else loaded[0].factory)


def _load_kind(row: EntryPointRow) -> None:
    title = f"kind {row.name!r} ({row.distribution} {row.version})"
    if not isinstance(load_entry_point(row, asked_by=title), Kind):
        raise PluginError(f"{title}: {row.value} is not an mlkernel.Kind")


def _timed(step: str, action: Callable[[], object]) -> dict[str, Any]:
    before = set(sys.modules)
    started = time.perf_counter()
    error: BaseException | None = None
    try:
        action()
    except PluginError as problem:
        error = problem
    milliseconds = (time.perf_counter() - started) * 1e3
    shown = None if error is None else error.__cause__ or error
    return {
        "step": step,
        "milliseconds": round(milliseconds, 1),
        "imports": [name for name in HEAVY_MODULES if name in sys.modules and name not in before],
        "error": None if shown is None else " ".join(traceback.format_exception_only(shown)[-1].split()),
        "traceback": None if shown is None else "".join(traceback.format_exception(shown)),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
