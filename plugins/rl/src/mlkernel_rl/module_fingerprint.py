"""A hash that changes when what a module's code computes may have changed."""

from __future__ import annotations

import hashlib
import importlib
import inspect


def module_fingerprint(name: str) -> str:
    """Return a hash of a module's source and of the plain constants among its names (imported ones, too)."""
    try:
        module = importlib.import_module(name)
        source = inspect.getsource(module)
    except (ImportError, OSError, TypeError):
        return "unknown"
    plain = (bool, int, float, str, bytes, tuple, type(None))
    constants = sorted(
        (key, repr(value))
        for key, value in vars(module).items()
        if isinstance(value, plain) and key[:2] != "__"
    )
    return hashlib.sha256(f"{source}{constants}".encode()).hexdigest()
