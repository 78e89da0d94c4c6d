"""The lock of the hook specifications: what plugins in the field rely on, kept in ``hook_lock.json``.

``python tests/hooks/hook_lock.py`` writes the lock anew. It refuses until ``mlkernel.API_VERSION`` says how much has
changed: a new hook or a new last argument is a minor version, everything else that differs is a major one.
"""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any

import pluggy

from mlkernel import API_VERSION
from mlkernel.hookspecs import FAMILIES, PROJECT

LOCK_FILE = Path(__file__).with_name("hook_lock.json")

Hooks = dict[str, dict[str, Any]]


def declared_hooks() -> Hooks:
    """Every hook as it is declared now: family, arguments in order, options of pluggy."""
    manager = pluggy.PluginManager(PROJECT)
    return {
        name: {
            "family": family.__name__,
            "arguments": list(inspect.signature(function).parameters)[1:],
            "options": dict(options),
        }
        for family in FAMILIES
        for name, function in vars(family).items()
        if (options := manager.parse_hookspec_opts(family, name)) is not None
    }


def read_lock() -> tuple[tuple[int, int], Hooks]:
    """The locked API version and hooks."""
    lock = json.loads(LOCK_FILE.read_text(encoding="utf-8"))
    major, minor = lock["api_version"]
    return (major, minor), lock["hooks"]


def least_version(locked_version: tuple[int, int], locked: Hooks, declared: Hooks) -> tuple[int, int]:
    """The lowest API version that *declared* may carry when *locked* was the last one that was published."""
    major, minor = locked_version
    if declared == locked:
        return locked_version
    compatible = all(
        name in declared and _still_served(hook, declared[name]) for name, hook in locked.items()
    )
    return (major, minor + 1) if compatible else (major + 1, 0)


def _still_served(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether an implementation written for *old* gets from *new* everything that it asks for."""
    arguments_kept = new["arguments"][: len(old["arguments"])] == old["arguments"]
    return arguments_kept and new["options"] == old["options"] and new["family"] == old["family"]


def main() -> None:
    """Write the lock, if the API version allows."""
    declared = declared_hooks()
    if LOCK_FILE.exists():
        locked_version, locked = read_lock()
        needed = least_version(locked_version, locked, declared)
        if needed > API_VERSION:
            sys.exit(
                f"The hooks changed: raise mlkernel.API_VERSION from {API_VERSION} to {needed} at least."
            )
    lock = {"api_version": API_VERSION, "hooks": declared}
    LOCK_FILE.write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
