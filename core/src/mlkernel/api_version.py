"""The version of what plugins are written against, in a module that costs nothing to import."""

from __future__ import annotations

API_VERSION = (1, 0)
"""Version (major, minor) of the hook specifications and component protocols.

A plugin of another major version is refused; one of a newer minor version is loaded with a warning.
"""
