"""The options of a configuration class in one flat list, for ``--help``, documentation and search spaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from attrs import NOTHING, frozen

from mlkernel.config.choice import ChoiceDeclaration, declaration_of
from mlkernel.config.layers import plain
from mlkernel.config.limits import choices_of, limits
from mlkernel.config.option import HELP, SECRET
from mlkernel.config.option_types import choices, config_class_in, config_fields, type_name
from mlkernel.config.option_view import USE, ChosenComponent, chosen_in, default_in, instance_in, name_of_a
from mlkernel.errors import PluginError


@frozen(kw_only=True)
class OptionRow:
    """One option."""

    path: str
    """Dotted path, such as ``env.name``."""
    type_name: str
    """Such as ``float``, ``list[int]``, ``clip | kl``."""
    default: Any
    """In JSON types; ``None`` as well when the option is required, or its default depends on others."""
    required: bool
    help: str
    """What the declaration says; empty for a field that was declared without ``option``."""
    choices: tuple[Any, ...] = ()
    """The values that it admits, when they are listed."""
    limits: str = ""
    """Its range, such as ``>= 0 and < 1``."""
    secret: bool = False
    within: str = ""
    """Path of the choice whose component has the option; empty for the outermost class's own."""
    chosen: ChosenComponent | None = None
    """What is chosen, where the option is a choice and its class is a view."""


def option_rows(config_class: type, prefix: str = "") -> list[OptionRow]:
    """List the options of *config_class* in the order of declaration, those of nested classes in their place.

    :param config_class: an attrs class, or a view of one, which also has the options of chosen components.
    :param prefix: put before every path, such as ``"trainer."``.
    :raises PluginError: when it is no attrs class, its types cannot be resolved, or it contains itself.
    """
    return _rows(config_class, prefix, NOTHING, ())


def option_paths(sections: Mapping[str, type]) -> list[str]:
    """Paths of all options of all sections, those of the first section without its name."""
    first = next(iter(sections))
    return [
        row.path
        for name, section in sections.items()
        for row in option_rows(section, "" if name == first else f"{name}.")
    ]


def _rows(
    config_class: type, prefix: str, instance: Any, above: tuple[type, ...], within: str = ""
) -> list[OptionRow]:
    if config_class in above:
        raise PluginError(f"the configuration class {config_class.__qualname__} contains itself")
    rows: list[OptionRow] = []
    for option in config_fields(config_class):
        if option.name == USE and chosen_in(config_class):
            continue  # the choice's own row tells the name
        default = default_in(option, instance)
        nested = config_class_in(option.type)
        declaration = declaration_of(option)
        path = f"{prefix}{option.name}"
        if declaration is not None:
            rows.append(_choice_row(option, declaration, path, within))
        elif nested is None or default is None:
            rows.append(_row(option, path, default, within))
        if nested is not None:
            inner = path if chosen_in(nested) else within
            rows += _rows(nested, f"{path}.", instance_in(default, nested), (*above, config_class), inner)
    return rows


def _row(option: attrs.Attribute[Any], path: str, default: Any, within: str) -> OptionRow:
    bounds = limits(option.validator)
    return OptionRow(
        path=path,
        type_name=type_name(option.type),
        default=None if default is NOTHING else plain(default),
        required=option.default is NOTHING,
        help=option.metadata.get(HELP, ""),
        choices=choices(option.type) or choices_of(option.validator),
        limits=" and ".join(f"{operator} {bound}" for operator, bound in bounds.items()),
        secret=bool(option.metadata.get(SECRET)),
        within=within,
    )


def _choice_row(
    option: attrs.Attribute[Any], declaration: ChoiceDeclaration, path: str, within: str
) -> OptionRow:
    chosen = chosen_in(option.type)
    name = declaration.default if chosen is None else chosen.name
    return OptionRow(
        path=path,
        type_name=name_of_a(declaration.kind),
        default=name,
        required=name is None,
        help=option.metadata.get(HELP, ""),
        within=within,
        chosen=chosen,
    )
