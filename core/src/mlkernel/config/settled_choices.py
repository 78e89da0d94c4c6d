"""Which components are chosen: found out before everything else, since their options depend on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from attrs import NOTHING

from mlkernel.config.choice import Choice, ChoiceDeclaration, declaration_of
from mlkernel.config.layers import Layer
from mlkernel.config.migrations import migrated
from mlkernel.config.option_types import (
    config_class_in,
    config_fields,
    default_of,
    is_configuration,
    members,
    type_name,
)
from mlkernel.config.option_view import (
    RESERVED,
    USE,
    ChosenComponent,
    choice_view,
    class_view,
    is_same_component,
    kind_words,
    name_of_a,
    with_member,
)
from mlkernel.config.problems import Problem
from mlkernel.descriptors import Descriptor
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import NameConflictError, PluginError, UnknownNameError

DEEPEST = 30
"""So many names in a path are only reached by a component that chooses itself by default."""


@attrs.frozen(kw_only=True)
class NoOptions:
    """Configuration class of a component that has none of its own."""


class SettledChoices:
    """The sections of a configuration with every choice made, and the layers without what was given for others.

    :param sections: section → its configuration class.
    :param layers: in rising precedence; the last one may stand for the command line.
    """

    def __init__(self, sections: Mapping[str, type], layers: Sequence[Layer]) -> None:
        self.layers = [attrs.evolve(layer, tree=_copy(layer.tree)) for layer in layers]
        self.problems: list[Problem] = []
        """Names that lead nowhere; without any, calling a view makes an instance of the class behind it."""
        self.sections = {name: self._view(section, name, NOTHING) for name, section in sections.items()}

    def _view(self, config_class: type, path: str, instance: Any) -> type:
        """*config_class* itself when nothing can be chosen in it."""
        if path.count(".") > DEEPEST:
            raise PluginError(f"the configuration class {config_class.__qualname__} contains itself")
        problems_before = len(self.problems)
        types: list[tuple[str, Any]] = []
        for option in config_fields(config_class):
            default = getattr(instance, option.name) if is_configuration(instance) else default_of(option)
            inner_path = f"{path}.{option.name}"
            declaration = _declaration(config_class, option)
            nested = config_class_in(option.type)
            if declaration is not None:
                types.append((option.name, self.choice_type(declaration, inner_path, default)))
            elif nested is not None and (default is not None or self._is_given(inner_path)):
                view = self._view(nested, inner_path, default)
                if view is not nested:
                    types.append((option.name, with_member(option.type, nested, view)))
        if not types:
            return config_class
        return class_view(config_class, tuple(types), is_settled=len(self.problems) == problems_before)

    def _is_given(self, path: str) -> bool:
        """Whether a layer says something of an option whose default is that it is absent, whatever it would choose."""
        *parents, last = path.split(".")
        return any(last in _table(layer.tree, parents) for layer in self.layers)

    def choice_type(self, declaration: ChoiceDeclaration, path: str, default: Any = NOTHING) -> Any:
        """The view of the choice at *path*; ``Any`` where it is not known what was chosen.

        :param default: the Choice that the outer class gives, if it does.
        """
        default_name = default.name if isinstance(default, Choice) else declaration.default
        name, origin = self._settle(declaration.kind, path, default_name)
        if name is None:
            self.problems.append(_nothing_chosen(declaration, path))
            return Any
        try:
            component = resolve(declaration.kind, name)
        except (UnknownNameError, NameConflictError) as error:
            self.problems.append(_unresolved(error, declaration, name, path, origin))
            return Any
        self.layers = [_current(layer, component.descriptor, path) for layer in self.layers]
        config_class = component.config_class()
        given = default.given if isinstance(default, Choice) and name == default.name else NOTHING
        view = self._view(config_class or NoOptions, path, given)
        for option in config_fields(view):
            if option.name in RESERVED:
                raise PluginError(f"{component.title}: an option cannot be named {option.name!r}")
        named = component.reference if component.distribution is None else name
        chosen = ChosenComponent(name=named, component=component)
        return choice_view(chosen, view, has_config=config_class is not None)

    def _settle(self, kind: str, path: str, default: str | None) -> tuple[str | None, str | None]:
        """The name that the last layer with one gives, and where; layers beneath lose what they gave for others."""
        chosen, origin = default, None
        for position, layer in enumerate(self.layers):
            name = _named(layer, path)
            if name is None:
                continue
            if chosen is not None and not is_same_component(kind, chosen, name):
                for lower in self.layers[:position]:
                    _drop(lower, path)
            chosen, origin = name, layer.origin_of(f"{path}.{USE}")
        return chosen, origin


def _declaration(config_class: type, option: attrs.Attribute[Any]) -> ChoiceDeclaration | None:
    declaration = declaration_of(option)
    if (declaration is not None) == (option.type is Choice) == (Choice in members(option.type)):
        return declaration
    declared = "is not declared by choice" if declaration is None else "is declared by choice"
    raise PluginError(
        f"{config_class.__qualname__}.{option.name} {declared} and annotated with {type_name(option.type)}",
        hint=f"{option.name}: Choice = choice(KIND, default=..., help=...)",
    )


def _named(layer: Layer, path: str) -> str | None:
    """The name that *layer* gives for the choice at *path*, which it may give in the place of a table, too."""
    *parents, last = path.split(".")
    table = _table(layer.tree, parents)
    if isinstance(table.get(last), str):
        table[last] = {USE: table[last]}
    inner = table.get(last)
    name = inner.get(USE) if isinstance(inner, Mapping) else None
    return name if isinstance(name, str) else None


def _drop(layer: Layer, path: str) -> None:
    """Take away what *layer* gave for a component that is not chosen."""
    *parents, last = path.split(".")
    _table(layer.tree, parents).pop(last, None)


def _table(tree: Any, words: Sequence[str]) -> dict[str, Any]:
    """The table at the end of *words*; an empty one when there is none."""
    for word in words:
        tree = tree.get(word) if isinstance(tree, Mapping) else None
    return tree if isinstance(tree, dict) else {}


def _copy(value: Any) -> Any:
    """A tree whose tables can be changed."""
    return {key: _copy(entry) for key, entry in value.items()} if isinstance(value, Mapping) else value


def _current(layer: Layer, descriptor: Descriptor, path: str) -> Layer:
    """The layer with the options of a choice as the chosen component has them now."""
    current = migrated(layer, descriptor, path)
    _table(current.tree, path.split(".")).pop("config_version", None)
    return current


def _nothing_chosen(declaration: ChoiceDeclaration, path: str) -> Problem:
    hint = f"kernel plugin list --kind {declaration.kind} shows what is installed"
    return Problem(path=path, message=f"required: the {name_of_a(declaration.kind)}", suggestion=hint)


def _unresolved(
    error: UnknownNameError | NameConflictError,
    declaration: ChoiceDeclaration,
    name: str,
    path: str,
    origin: str | None,
) -> Problem:
    package = declaration.packages.get(name)
    if package is not None and isinstance(error, UnknownNameError):
        return Problem(
            path=path,
            message=f"the {kind_words(declaration.kind)} {name!r} is not installed",
            origin=origin,
            suggestion=f"pip install {package!r}" if "[" in package else f"pip install {package}",
        )
    hint = None if error.hint is None or "did you mean" in error.message else error.hint
    if hint is not None:
        hint = hint[0].lower() + hint[1:].rstrip(".")
    return Problem(path=path, message=error.message, origin=origin, suggestion=hint)
