"""A command ``PYTHON -m MODULE ...`` that a process becomes which has imported the module."""

from __future__ import annotations

import builtins
import importlib
import os
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import CodeType
from typing import Any

from .command_line import show_command_line
from .supervisor import LOCK

_known: dict[str, tuple[ModuleSpec, CodeType]] = {}
"""Modules that were imported, and what runs them."""


class NotForkable(Exception):  # noqa: N818 - says what it is
    """The module cannot be imported, or a process that imported it cannot be forked."""


class ForkedCommand:
    """One command.

    :param argv: all its words.
    :param environment: all of it.
    """

    def __init__(self, argv: list[str], environment: dict[str, str]) -> None:
        self._argv = argv
        self._environment = environment

    def prepare(self) -> None:
        """Import the module, unless it is known, and whatever it imports.

        :raises NotForkable: it cannot be imported, or its import started a thread, of which a fork would have none.
        """
        name = self._argv[2]
        if name in _known:
            return
        try:
            _known[name] = _import(name)
        except Exception as error:
            raise NotForkable from error
        if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - a pseudo file system
            del _known[name]
            raise NotForkable

    def become(self, argv: list[str]) -> None:
        """Make of this process what the start of the interpreter would have made of it."""
        os.close(LOCK)
        os.environ.clear()
        os.environ.update(self._environment)
        spec, _ = _known[argv[2]]
        sys.orig_argv[:] = argv
        sys.argv[:] = [spec.origin or "", *argv[3:]]
        if not sys.flags.safe_path:
            sys.path.insert(0, os.getcwd())  # noqa: PTH109 - a string is wanted
        show_command_line(argv)

    def program(self) -> tuple[CodeType, dict[str, Any]]:
        """The code of the module, and the namespace of ``__main__`` as ``-m`` makes it."""
        spec, code = _known[self._argv[2]]
        namespace = vars(sys.modules["__main__"])
        namespace.clear()
        namespace.update(
            __name__="__main__",
            __builtins__=builtins,
            __doc__=None,
            __package__=spec.parent,
            __loader__=spec.loader,
            __spec__=spec,
            __file__=spec.origin,
            __cached__=spec.cached,
        )
        return code, namespace


def _import(name: str) -> tuple[ModuleSpec, CodeType]:
    spec = find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = find_spec(f"{name}.__main__")
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name)
    importlib.import_module(spec.name)
    del sys.modules[spec.name]  # it runs as __main__, and only as that
    return spec, spec.loader.get_code(spec.name)  # type: ignore[attr-defined]  # all loaders of files have it
