"""What a package imports, read from its source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path


def imported_names(module: str) -> Iterator[tuple[str, str]]:
    """Yield ``file:line`` and the module's full name for each import in the package, or file, of an imported *module*.

    Imports under ``if TYPE_CHECKING`` count, too. mlkernel itself is left out.
    """
    top = module.partition(".")[0]
    if top == "mlkernel":
        return
    path = Path(sys.modules[top].__file__ or "")
    files = sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
            for name in _names(node):
                yield f"{file}:{getattr(node, 'lineno', 0)}", name


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
        return [node.module]
    return []
