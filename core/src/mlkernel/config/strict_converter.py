"""The converter that admits a value only where its type says so, and tells what it expected."""

from __future__ import annotations

import contextlib
import typing
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, cast

import attrs
from cattrs import Converter
from cattrs.errors import IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, override

from mlkernel.config.choice import Choice, declaration_of
from mlkernel.config.layers import Layer
from mlkernel.config.option import SECRET
from mlkernel.config.option_types import choices, config_fields, members, type_name
from mlkernel.config.option_view import USE, chosen_in, name_of_a
from mlkernel.config.secret import Secret
from mlkernel.config.settled_choices import SettledChoices

Hook = Callable[[Any, Any], Any]


class WrongValueError(ValueError):
    """A value that its type does not admit; the message is complete."""


@cache
def strict_converter() -> Converter:
    """The strict converter; made late, since its hooks cost what ``--help`` need not pay."""
    strict = Converter(forbid_extra_keys=True, detailed_validation=True)
    for scalar in (bool, int, str):
        strict.register_structure_hook(scalar, _exactly(scalar))
    strict.register_structure_hook(float, _structure_float)
    strict.register_structure_hook_func(
        lambda kind: kind is Any, lambda value, _: _structure_any(value, strict)
    )
    strict.register_structure_hook(Path, lambda value, _: Path(_exactly(str)(value, str)))
    strict.register_structure_hook_factory(attrs.has, lambda cls: _class_hook(cls, strict))
    strict.register_structure_hook(Secret, lambda value, _: _structure_secret(value))
    strict.register_structure_hook_factory(_is_sequence, lambda kind: _sequence_hook(kind, strict))
    strict.register_structure_hook_factory(_is_table, lambda kind: _table_hook(kind, strict))
    strict.register_structure_hook_factory(_is_choice, _choice_hook)
    strict.register_structure_hook_factory(
        lambda kind: len(members(kind)) > 1, lambda kind: _union_hook(kind, strict)
    )
    return strict


def _exactly(scalar: type) -> Hook:
    def hook(value: Any, _: Any) -> Any:
        if type(value) is not scalar:
            raise WrongValueError(f"expected {type_name(scalar)}, got {described(value)}")
        return value

    return hook


def _structure_float(value: Any, _: Any) -> float:
    if type(value) not in (int, float):
        raise WrongValueError(f"expected float, got {described(value)}")
    return float(value)


def _structure_any(value: Any, strict: Converter) -> Any:
    if isinstance(value, Mapping):
        return strict.structure(value, dict[str, Any])
    if isinstance(value, list | tuple):
        return strict.structure(value, list[Any])
    if value is not None and type(value) not in (bool, int, float, str):
        raise WrongValueError(f"expected plain values, got {described(value)}")
    return value


def _structure_secret(value: Any) -> Secret:
    try:
        return value if isinstance(value, Secret) else Secret(value)
    except ValueError as error:
        raise WrongValueError(str(error)) from None


def _is_sequence(kind: Any) -> bool:
    return (typing.get_origin(kind) or kind) in (list, tuple)


def _sequence_hook(kind: Any, strict: Converter) -> Hook:
    build = typing.get_origin(kind) or kind
    arguments = typing.get_args(kind) or (Any,)
    fixed = build is tuple and Ellipsis not in arguments and arguments != (Any,)

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise WrongValueError(f"expected a list, got {described(value)}")
        if fixed and len(value) != len(arguments):
            raise WrongValueError(f"expected {len(arguments)} values, got {len(value)}")
        types = arguments if fixed else arguments[:1] * len(value)
        return build(_each(zip(range(len(value)), value, types, strict=True), strict))

    return hook


def _is_table(kind: Any) -> bool:
    return (typing.get_origin(kind) or kind) is dict


def _table_hook(kind: Any, strict: Converter) -> Hook:
    _, value_type = typing.get_args(kind) or (str, Any)

    def hook(value: Any, _: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise WrongValueError(f"expected a table, got {described(value)}")
        entries = ((key, entry, value_type) for key, entry in value.items())
        return dict(zip(value, _each(entries, strict), strict=True))

    return hook


def _each(entries: Iterable[tuple[int | str, Any, Any]], strict: Converter) -> list[Any]:
    """Structure (index, value, type) triples; the problems of all of them are raised together."""
    structured, errors = [], []
    for index, value, kind in entries:
        try:
            structured.append(strict.structure(value, kind))
        except Exception as error:  # noqa: BLE001 - collected, and raised together
            error.add_note(IterableValidationNote(str(index), index, kind))
            errors.append(error)
    if errors:
        raise IterableValidationError("entries", errors, list)
    return structured


def _is_choice(kind: Any) -> bool:
    return typing.get_origin(kind) is typing.Literal or (isinstance(kind, type) and issubclass(kind, Enum))


def _choice_hook(kind: Any) -> Hook:
    allowed = choices(kind)

    def hook(value: Any, _: Any) -> Any:
        # By type as well, since True == 1 == 1.0.
        if not any(type(choice) is type(value) and choice == value for choice in allowed):
            listed = ", ".join(map(str, allowed))
            raise WrongValueError(f"expected one of {listed}; got {described(value)}")
        return kind(value) if isinstance(kind, type) else value

    return hook


def _union_hook(kind: Any, strict: Converter) -> Hook:
    alternatives = [member for member in members(kind) if member is not type(None)]
    nullable = len(alternatives) < len(members(kind))
    # Literals before the types that they are values of, and int before float, which would swallow it.
    alternatives.sort(key=lambda member: (not _is_choice(member), member is float))

    def hook(value: Any, _: Any) -> Any:
        if value is None and nullable:
            return None
        if len(alternatives) == 1:
            return strict.structure(value, alternatives[0])
        for alternative in alternatives:
            try:
                return strict.structure(value, alternative)
            except Exception:  # noqa: BLE001, S112 - the next alternative may admit it
                continue
        raise WrongValueError(f"expected {type_name(kind)}, got {described(value)}")

    return hook


def _class_hook(config_class: type, strict: Converter) -> Hook:
    overrides = {
        field.name: override(struct_hook=_field_hook(field, strict)) for field in config_fields(config_class)
    }
    by_key: Callable[[Mapping[str, Any], type], Any] = make_dict_structure_fn(
        config_class,
        strict,
        _cattrs_use_linecache=False,
        **overrides,  # type: ignore[arg-type] # names of options, none of which begins with _cattrs
    )

    chosen = chosen_in(config_class)
    expected = f"the {name_of_a(chosen.component.kind)} or a table" if chosen else "a table"

    def hook(value: Any, _: Any) -> Any:
        if chosen is not None and isinstance(value, str):
            value = {USE: value}
        if not isinstance(value, Mapping):
            raise WrongValueError(f"expected {expected}, got {described(value)}")
        return by_key(value, config_class)

    return hook


def _field_hook(field: attrs.Attribute[Any], strict: Converter) -> Hook:
    """Structure and validate one field, so that a bad value does not hide those of the fields after it."""

    def hook(value: Any, _: Any) -> Any:
        if field.metadata.get(SECRET):
            structured: Any = None if value is None else _structure_secret(value)
        elif field.type is Choice:
            structured = strict.structure(value, _chosen_class(field, value))
        else:
            structured = strict.structure(value, cast("Any", field.type))
        if field.validator is not None and field.converter is None:
            # One that looks at other fields finds none yet; attrs runs it again once all are there.
            with contextlib.suppress(AttributeError):
                field.validator(None, field, structured)
        return structured

    return hook


def _chosen_class(field: attrs.Attribute[Any], value: Any) -> type:
    """What a choice inside a list or table is structured by, where no path leads and nothing was settled before."""
    declaration = declaration_of(field)
    assert declaration is not None  # checked where the class is read
    settled = SettledChoices({}, [Layer(tree={field.name: value}, source="")])
    view: type = settled.choice_type(declaration, field.name)
    if settled.problems:
        raise WrongValueError(settled.problems[0].without_place())
    return view


def described(value: Any) -> str:
    """A value and what it is, in a message: ``text 'fast'``, ``integer 3``, ``a list``."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    words = {str: "text", int: "integer", float: "number"}
    shown = repr(value)
    return (
        f"{words.get(type(value), type(value).__name__)} {shown if len(shown) <= 60 else shown[:57] + '...'}"
    )
