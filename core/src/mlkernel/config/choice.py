"""The field of a configuration class that chooses a component by name and holds that component's own options."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs
from attrs import NOTHING, Attribute, field, frozen

from mlkernel.config.option import HELP
from mlkernel.errors import ConfigError

if TYPE_CHECKING:
    from mlkernel.discovery.component import Component

CHOICE = "mlkernel.choice"


@frozen(kw_only=True)
class ChoiceDeclaration:
    """What :func:`choice` was told."""

    kind: str
    """Of which kind of component one is chosen."""
    default: str | None
    """Name of the one that is chosen unless said otherwise; ``None`` when one must be named."""
    packages: Mapping[str, str]
    """Name of a component → what to install when nobody provides it."""


@frozen(kw_only=True, eq=False, slots=False)
class Choice:
    """A chosen component: its kind, its name, and its configuration.

    Made from files and overrides by the kernel, or by hand: ``Choice(kind="scenario", name="cards")``. Neither imports
    the component's code; :meth:`make` does.
    """

    kind: str
    """Such as ``"scenario"``."""
    name: str
    """As chosen: ``NAME``, ``distribution:NAME``, ``package.module:Attribute`` or ``/path/file.py:Attribute``."""
    given: Any = field(default=None, alias="config")
    """The configuration that it was made with, as ``config=...``; ``None`` for the component's defaults."""

    @cached_property
    def config(self) -> Any:
        """The component's configuration, its defaults unless given; ``None`` for a component that has no options.

        :raises UnknownNameError: nobody provides the component.
        :raises ConfigError: its defaults were asked for, and it has options without one.
        """
        if self.given is not None:
            return self.given
        config_class = self.component().config_class()
        return None if config_class is None else _defaults(config_class, self.component().title)

    def component(self) -> Component:
        """The component with its descriptor; its code is not imported.

        :raises UnknownNameError: nobody provides it.
        :raises NameConflictError: several distributions do.
        """
        from mlkernel.discovery.name_resolution import resolve

        return resolve(self.kind, self.name)

    def make(self, *arguments: Any) -> Any:
        """Import the component's code and make it: ``factory(config, *arguments)``, without *config* if it has none.

        :raises PluginError: a module that it needs is not installed, or the import fails.
        :raises ConfigError: the configuration is another component's.
        """
        component = self.component()
        config_class, config = component.config_class(), self.config
        if config_class is None:
            return component.factory()(*arguments)
        if not isinstance(config, config_class):
            raise ConfigError(
                f"{component.title} takes a {config_class.__name__}, not a {type(config).__name__}",
                hint=f"Choice(kind={self.kind!r}, name={self.name!r}, config={config_class.__name__}(...))",
            )
        return component.factory()(config, *arguments)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Choice):
            return NotImplemented
        return (self.kind, self.name, self.config) == (other.kind, other.name, other.config)

    def __hash__(self) -> int:
        return hash((self.kind, self.name))


def choice(
    kind: str,
    default: str | None = None,
    *,
    help: str,  # noqa: A002 - the field's term, as in argparse
    packages: Mapping[str, str] | None = None,
) -> Any:
    """Declare a field that chooses one component of *kind*; annotate it with :class:`Choice`.

    On the command line, ``scenario=NAME`` chooses and ``scenario.key=value`` sets an option of the chosen one. In a
    file, ``use = "NAME"`` stands in the table of that name, beside the options. In Python, the class also takes the
    name alone. Whoever chooses another component starts from that one's defaults: options that lower layers gave for
    the earlier one are dropped.

    :param kind: declared under the entry-point group ``mlkernel.kinds``.
    :param default: name of the component that is chosen unless said otherwise; without it, one must be named.
    :param help: one sentence for ``--help`` and the documentation.
    :param packages: name of a component → the distribution to install when nobody provides it.
    """
    declaration = ChoiceDeclaration(kind=kind, default=default, packages=packages or {})
    return field(
        default=NOTHING if default is None else Choice(kind=kind, name=default),
        converter=lambda value: _as_choice(value, kind),
        metadata={HELP: help, CHOICE: declaration},
    )


def declaration_of(option: Attribute[Any]) -> ChoiceDeclaration | None:
    """What :func:`choice` was told of this field; ``None`` for any other field."""
    declaration: ChoiceDeclaration | None = option.metadata.get(CHOICE)
    return declaration


def chosen_components(value: Any) -> list[Component]:
    """The components that are chosen anywhere in a configuration, the outer ones first."""
    if isinstance(value, Choice):
        return [value.component(), *chosen_components(value.config)]
    if isinstance(value, Mapping):
        return chosen_components(list(value.values()))
    if isinstance(value, list | tuple):
        return [component for entry in value for component in chosen_components(entry)]
    if attrs.has(type(value)):
        return chosen_components([getattr(value, option.name) for option in attrs.fields(type(value))])
    return []


def _as_choice(value: Any, kind: str) -> Choice:
    if isinstance(value, str):
        return Choice(kind=kind, name=value)
    if isinstance(value, Choice) and value.kind == kind:
        return value
    got = f"a Choice of the kind {value.kind!r}" if isinstance(value, Choice) else repr(value)
    raise ConfigError(
        f"a {kind} is given as its name or as Choice(kind={kind!r}, name=..., config=...), not as {got}"
    )


def _defaults(config_class: type, title: str) -> Any:
    required = [
        option.alias for option in attrs.fields(config_class) if option.init and option.default is NOTHING
    ]
    if required:
        raise ConfigError(
            f"{title} has options without a default: {', '.join(map(str, required))}",
            hint=f"Give them: Choice(..., config={config_class.__name__}({required[0]}=...))",
        )
    return config_class()
