"""Reads the literal values of a descriptor from its source, without executing it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple


class DescriptorSource(NamedTuple):
    """What was read."""

    literals: dict[str, Any]
    """Keyword arguments of the descriptor that are literals; empty when nothing could be read."""
    file: Path | None
    """Where the source lies, or would lie; the literals hold for as long as this file does not change."""


def read_descriptor_source(value: str, search_path: Sequence[str]) -> DescriptorSource:
    """Find the assignment that the entry point *value*, ``package.module:attribute``, names.

    Packages found through import hooks, such as some editable installations, are found as well. Only top-level names
    are asked for: to look a submodule up, Python would have to import the package around it.
    """
    module_name, _, attribute = value.partition(":")
    file = _source_file(module_name.strip(), search_path)
    if file is None:
        return DescriptorSource({}, None)
    try:
        module = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return DescriptorSource({}, file)
    return DescriptorSource(_keyword_literals(module, attribute.strip()), file)


def _source_file(module_name: str, search_path: Sequence[str]) -> Path | None:
    top_level, *rest = module_name.split(".")
    spec = PathFinder.find_spec(top_level, list(search_path)) or _find_by_import_hooks(top_level)
    if spec is None:
        return None
    if not rest:
        return None if spec.origin is None else Path(spec.origin)
    for folder in spec.submodule_search_locations or ():
        package = Path(folder, *rest, "__init__.py")
        return package if package.exists() else package.parent.with_suffix(".py")
    return None


def _find_by_import_hooks(top_level: str) -> ModuleSpec | None:
    try:
        return find_spec(top_level)
    except (ImportError, ValueError):
        return None


def _keyword_literals(module: ast.Module, attribute: str) -> dict[str, Any]:
    for statement in module.body:
        if isinstance(statement, ast.Assign):
            targets: list[ast.expr] = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        named = any(isinstance(target, ast.Name) and target.id == attribute for target in targets)
        if named and isinstance(statement.value, ast.Call):
            return dict(_literals(statement.value.keywords))
    return {}


def _literals(keywords: list[ast.keyword]) -> list[tuple[str, Any]]:
    found = []
    for keyword in keywords:
        try:
            value = ast.literal_eval(keyword.value)
        except (ValueError, TypeError, SyntaxError):
            continue
        if keyword.arg is not None:
            found.append((keyword.arg, value))
    return found
