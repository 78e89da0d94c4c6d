"""Descriptors: what an entry point names, cheap enough to import while nothing has been chosen yet."""

from __future__ import annotations

from attrs import frozen

from mlkernel.api_version import API_VERSION


@frozen(kw_only=True)
class Descriptor:
    """Tells what a component is and where its code lies, without importing that code.

    Write it with literal values, in a module that imports nothing but ``mlkernel``: the lists that ``kernel plugin
    list`` and ``kernel --help`` print read the literals from the source and never execute it.
    """

    name: str
    """The name by which users choose the component; equals the entry point's."""
    summary: str
    """One line for lists."""
    factory: str
    """``package.module:attribute`` of the class or function that makes the component."""
    config: str | None = None
    """``package.module:attribute`` of its attrs configuration class, in a module without heavy imports."""
    api: tuple[int, int] = API_VERSION
    """The version of the contracts that it was written for."""
    needs: tuple[str, ...] = ()
    """Top-level modules that must be importable, such as ``("torch",)``; a missing one is reported by name."""
    config_version: int = 1
    """Version of the configuration class; raise it when a field is renamed or changes its meaning."""
    migrate: str | None = None
    """``package.module:attribute`` of ``migrate(values, from_version) -> values`` for older configuration files."""


@frozen(kw_only=True)
class Kind:
    """A kind of component: its name, its entry-point group, its protocol, its conformance checks, its template."""

    name: str
    """Singular, such as ``"trainer"``."""
    summary: str
    """One line for lists."""
    plural: str | None = None
    """Last word of the entry-point group; *name* with an ``s`` unless given."""
    protocol: str | None = None
    """``package.module:attribute`` of what a component's factory must make."""
    checks: str | None = None
    """``package.module:attribute`` of the conformance checks behind ``kernel plugin check``."""
    template: str | None = None
    """``package.module`` that holds the template of ``kernel plugin new KIND``."""
    api: tuple[int, int] = API_VERSION
    """The version of the contracts that it was written for."""

    @property
    def group(self) -> str:
        """The entry-point group, ``mlkernel.<plural>``."""
        return f"mlkernel.{self.plural or self.name + 's'}"
