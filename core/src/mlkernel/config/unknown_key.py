"""What to say of a key that a configuration class does not have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlkernel.config.option_types import config_fields
from mlkernel.config.option_view import ChosenComponent, chosen_in, kind_words
from mlkernel.config.problems import Problem, did_you_mean
from mlkernel.discovery.allow_and_block import read_policy
from mlkernel.discovery.entry_point_index import read_index
from mlkernel.discovery.inventory import inventory, usable_names
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import UsageError


def unknown_key(
    config_class: type, key: str, path: str, option_paths: Sequence[str] = (), others: Iterable[str] = ()
) -> Problem:
    """The problem that *config_class* has no *key*.

    :param path: of the key.
    :param option_paths: all options there are, to be suggested for keys in the wrong place.
    :param others: further names that may stand in the key's place.
    """
    known = [*(field.name for field in config_fields(config_class)), *others]
    chosen = chosen_in(config_class)
    if chosen is None:
        return Problem(path=path, message="unknown key", suggestion=did_you_mean(key, known, option_paths))
    words = kind_words(chosen.component.kind)
    owner = _owner(chosen, key)
    return Problem(
        path=path,
        message=f"unknown key of the {words} {chosen.name!r}",
        suggestion=did_you_mean(key, known) if owner is None else f"it is one of the {words} {owner!r}",
    )


def _owner(chosen: ChosenComponent, key: str) -> str | None:
    """Another component of the kind that has an option of this name."""
    kind = chosen.component.kind
    for name in usable_names(inventory(read_index(), read_policy()), kind):
        try:
            config_class = resolve(kind, name).config_class()
            if config_class is not None and any(field.name == key for field in config_fields(config_class)):
                return name
        except UsageError:
            continue  # a broken component that nobody chose is no news here
    return None
