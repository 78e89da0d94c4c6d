"""Configuration classes in which every choice is made: a field that chooses a component has that component's options.

Such a view has the fields of the class that it stands for, and calling it makes an instance of that class. So whatever
reads the fields of classes, as ``--help``, the JSON Schema and the strict converter do, need know little of choices.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Union

import attrs
from attrs import NOTHING, Attribute, frozen

from mlkernel.config.choice import Choice
from mlkernel.config.option import HELP
from mlkernel.config.option_types import config_fields, default_of, is_configuration, members
from mlkernel.discovery.component import Component

USE = "use"
"""Key of the chosen name, beside the options of what was chosen."""
RESERVED = (USE, "config_version")
"""Keys beside a component's options that are none: its name, and the version of what follows."""
CHOSEN = "__mlkernel_chosen__"


@frozen(kw_only=True)
class ChosenComponent:
    """What the view of a choice stands for."""

    name: str
    """As it was chosen; a file by its absolute path, so that the name means the same in every folder."""
    component: Component


@cache
def class_view(config_class: type, types: tuple[tuple[str, Any], ...], *, is_settled: bool) -> type:
    """The view of *config_class* in which some fields have other types.

    :param types: name and type of those fields; ``Any`` where it is not known what was chosen.
    :param is_settled: whether every choice within could be made; without it, calling the view makes ``None``.
    """
    changed = dict(types)
    fields = {known.name: _field(known, changed.get(known.name)) for known in config_fields(config_class)}

    def make(_: type, **values: Any) -> Any:
        return config_class(**values) if is_settled else None

    return attrs.make_class(config_class.__name__, fields, class_body={"__new__": make}, kw_only=True)


@cache
def choice_view(chosen: ChosenComponent, view: type, *, has_config: bool) -> type:
    """The view of a choice: the chosen name, and the options of what was chosen.

    :param view: of the component's configuration class.
    :param has_config: whether the component takes a configuration.
    """
    metadata = {HELP: f"Name of the {kind_words(chosen.component.kind)}."}
    fields = {USE: attrs.field(default=chosen.name, type=str, metadata=metadata)}
    fields |= {known.name: _field(known) for known in config_fields(view)}

    def make(_: type, **values: Any) -> Any:
        values.pop(USE, None)  # one of several spellings of the name
        config = view(**values)
        return Choice(kind=chosen.component.kind, name=chosen.name, config=config if has_config else None)

    body = {"__new__": make, CHOSEN: chosen}
    return attrs.make_class(view.__name__, fields, class_body=body, kw_only=True)


def chosen_in(config_class: Any) -> ChosenComponent | None:
    """What was chosen, if *config_class* is the view of a choice."""
    chosen: ChosenComponent | None = getattr(config_class, CHOSEN, None)
    return chosen


def with_member(option_type: Any, old: type, new: type) -> Any:
    """The same type, a union perhaps, with *new* in the place of *old*."""
    alternatives = tuple(new if member is old else member for member in members(option_type))
    return Union[alternatives]  # noqa: UP007 - made at run time


def default_in(option: Attribute[Any], instance: Any) -> Any:
    """The default of an option.

    :param instance: the configuration that the outer class gives as a default, which goes before; or ``NOTHING``.
    """
    is_given = instance is not NOTHING and hasattr(instance, option.name)
    return getattr(instance, option.name) if is_given else default_of(option)


def instance_in(default: Any, nested: type) -> Any:
    """The configuration in *default* from which the defaults of *nested* are taken; ``NOTHING`` for its own."""
    if isinstance(default, Choice):
        chosen = chosen_in(nested)
        is_same = chosen is not None and is_same_component(default.kind, default.name, chosen.name)
        return default.given if is_same and default.given is not None else NOTHING
    return default if is_configuration(default) else NOTHING


def is_same_component(kind: str, one: str, other: str) -> bool:
    """Whether two names mean the same component, such as ``cards`` and ``mlkernel-text:cards``."""
    from mlkernel.discovery.name_resolution import resolve
    from mlkernel.errors import UsageError

    try:
        return one == other or resolve(kind, one).reference == resolve(kind, other).reference
    except UsageError:
        return False  # a name that leads nowhere is reported where it counts


def kind_words(kind: str) -> str:
    """A kind's name in a sentence."""
    return kind.replace("_", " ")


def name_of_a(kind: str) -> str:
    """What is expected where a component of *kind* is chosen."""
    words = kind_words(kind)
    return f"name of {'an' if words[0] in 'aeiou' else 'a'} {words}"


def _field(option: Attribute[Any], option_type: Any = None) -> Any:
    """A field like *option*, perhaps of another type; what converts its values is left to the real class."""
    is_unsettled = option_type is Any
    return attrs.field(
        default=None if is_unsettled else option.default,
        validator=None if is_unsettled else option.validator,
        metadata=dict(option.metadata),
        type=option.type if option_type is None else option_type,
    )
