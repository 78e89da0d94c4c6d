"""The two decorators of the hook system, and the project name that ties them together."""

from __future__ import annotations

import pluggy

PROJECT = "mlkernel"

hookspec = pluggy.HookspecMarker(PROJECT)
"""Marks a specification. Notifications take no option; questions are ``firstresult=True``."""

hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks an implementation in a plugin: a method or function named like the hook, taking any of its arguments."""
