"""From plain values to configuration classes: strictly, and with every problem found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cattrs.errors import (
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)

from mlkernel.config.problems import Problem
from mlkernel.config.strict_converter import strict_converter
from mlkernel.config.unknown_key import unknown_key


def structure(
    config_class: type, tree: Any, path: str, option_paths: Sequence[str] = ()
) -> tuple[Any, list[Problem]]:
    """Build *config_class* from a tree of JSON values found at *path*.

    :param config_class: an attrs class.
    :param tree: its values by name.
    :param path: where they stand, for messages.
    :param option_paths: all options there are, to be suggested for keys in the wrong place.
    :returns: the configuration and no problems, or ``None`` and all that is wrong with the tree, without origins.
    """
    try:
        return strict_converter().structure(tree, config_class), []
    except Exception as error:  # noqa: BLE001 - validators are the plugins' and may raise anything
        return None, _problems(error, path, option_paths)


def _problems(error: BaseException, path: str, option_paths: Sequence[str]) -> list[Problem]:
    if not isinstance(error, ClassValidationError | IterableValidationError):
        return [Problem(path=path, message=_message(error, path))]
    placed, others = error.group_exceptions()
    found: list[Problem] = []
    for inner, note in placed:
        place = note.index if isinstance(note, IterableValidationNote) else note.name
        inner_path = f"{path}[{place}]" if isinstance(place, int) else f"{path}.{place}"
        found += _problems(inner, inner_path, option_paths)
    for inner in others:
        if isinstance(inner, ForbiddenExtraKeysError):
            found += _unknown_keys(inner, path, option_paths)
        else:
            found += _problems(inner, path, option_paths)
    return found


def _unknown_keys(error: ForbiddenExtraKeysError, path: str, option_paths: Sequence[str]) -> list[Problem]:
    return [unknown_key(error.cl, key, f"{path}.{key}", option_paths) for key in sorted(error.extra_fields)]


def _message(error: BaseException, path: str) -> str:
    name = path.rpartition(".")[2]
    if isinstance(error, KeyError) and error.args == (name,):
        return "required, and not given"
    text = str(error.args[0]) if error.args else type(error).__name__
    # attrs.validators name the field first, which the path has said already.
    return text.removeprefix(f"'{name}' ")
