"""A component that was found, with its descriptor but without its code."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from attrs import frozen

from mlkernel.descriptors import Descriptor
from mlkernel.discovery.loading import load_attribute, load_module, require_modules
from mlkernel.errors import PluginError


@frozen(kw_only=True)
class Component:
    """What :func:`mlkernel.discovery.name_resolution.resolve` answers."""

    kind: str
    """Such as ``"trainer"``."""
    name: str
    reference: str
    """Finds the same component again, here or in another process: ``distribution:name``, ``package.module:Attribute``
    or ``/absolute/path/of/file.py:Attribute``."""
    distribution: str | None
    """Who provides it; ``None`` for an object that was named directly."""
    version: str | None
    """The distribution's."""
    descriptor: Descriptor
    origin: str
    """Where the descriptor lies: ``package.module:attribute``, or a file."""

    def config_class(self) -> type | None:
        """Import and return its configuration class.

        :raises PluginError: when that fails, or is no class.
        """
        if self.descriptor.config is None:
            return None
        config_class = load_attribute(self.descriptor.config, asked_by=self.title)
        if not isinstance(config_class, type):
            raise PluginError(f"{self.title}: the configuration {self.descriptor.config} is not a class")
        return config_class

    def factory(self) -> Callable[..., Any]:
        """Import and return the class or function that makes the component.

        :raises PluginError: when a module that it needs is not installed, the import fails, or it cannot be called.
        """
        self.require()
        factory = load_attribute(self.descriptor.factory, asked_by=self.title)
        if not callable(factory):
            raise PluginError(f"{self.title}: the factory {self.descriptor.factory} cannot be called")
        missing = sorted(getattr(factory, "__abstractmethods__", ()))
        if missing:
            raise PluginError(
                f"{self.title}: {self.descriptor.factory} is abstract; it does not define {', '.join(missing)}.",
                hint="Name a class that defines all of its methods.",
            )
        made_by: Callable[..., Any] = factory
        return made_by

    def require(self) -> None:
        """See that the modules that it needs are there, without importing any.

        :raises PluginError: names those that are missing.
        """
        descriptor = self.descriptor
        require_modules(
            descriptor.needs, asked_by=self.title, component=descriptor.name, distribution=self.distribution
        )

    def module(self) -> ModuleType:
        """Import and return the module that its descriptor names in the place of a factory, as commands do.

        :raises PluginError: when a module that it needs is not installed, the import fails, or it is no command.
        """
        self.require()
        module = load_module(self.descriptor.factory, asked_by=self.title)
        missing = [name for name in ("add_arguments", "run") if not callable(getattr(module, name, None))]
        if missing:
            raise PluginError(
                f"{self.title}: the module {module.__name__} has no function {' and no function '.join(missing)}",
                hint="A command is a module with add_arguments(parser) and run(arguments) -> int.",
            )
        return module

    @property
    def title(self) -> str:
        """How messages call it, such as ``trainer 'ppo' (mlkernel-rl 0.1.0)``."""
        provider = self.origin if self.distribution is None else f"{self.distribution} {self.version}"
        return f"{self.kind} {self.name!r} ({provider})"
