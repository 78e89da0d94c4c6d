"""Checks of a component's configuration class."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import attrs

from mlkernel.config.option import HELP
from mlkernel.config.option_types import config_class_in, config_fields
from mlkernel.config.sections import RunConfiguration, build, from_plain, to_plain
from mlkernel.discovery.component import Component
from mlkernel.errors import ConfigError
from mlkernel.testing.check import Check, CheckFailed, expect


def config_checks(component: Component, overrides: Sequence[str]) -> Iterator[Check]:
    """Yield the checks of the configuration class of *component*.

    :param overrides: give a value to every option that has no default.
    """
    yield Check("config_options_have_help", partial(_check_help, component))
    yield Check("config_is_frozen", partial(_check_frozen, component, overrides))
    yield Check("config_round_trips_through_json", partial(_check_round_trip, component, overrides))
    yield Check("config_can_be_pickled", partial(_check_pickle, component, overrides))
    yield Check("config_refuses_unknown_keys", partial(_check_unknown_keys, component, overrides))


def _build(component: Component, overrides: Sequence[str]) -> RunConfiguration:
    return build(component.config_class(), overrides=overrides, descriptor=component.descriptor)


def _check_help(component: Component) -> None:
    silent = sorted(_fields_without_help(component.config_class()))
    expect(
        not silent,
        f"options without help: {', '.join(silent)}; declare each with mlkernel.option(..., help=...)",
    )


def _fields_without_help(config_class: Any, prefix: str = "") -> Iterator[str]:
    if not attrs.has(config_class):
        raise CheckFailed(f"{config_class!r} is no attrs class; decorate it with attrs.frozen(kw_only=True)")
    for field in config_fields(config_class):
        if not str(field.metadata.get(HELP, "")).strip():
            yield prefix + field.name
        nested = config_class_in(field.type)
        if nested is not None:
            yield from _fields_without_help(nested, f"{prefix}{field.name}.")


def _check_frozen(component: Component, overrides: Sequence[str]) -> None:
    config = _build(component, overrides).trainer
    for field in attrs.fields(type(config)):
        try:
            setattr(config, field.name, getattr(config, field.name))
        except attrs.exceptions.FrozenInstanceError:
            continue
        raise CheckFailed(
            f"{type(config).__name__}.{field.name} can be changed; decorate it with attrs.frozen"
        )


def _check_round_trip(component: Component, overrides: Sequence[str]) -> None:
    configuration = _build(component, overrides)
    tree = json.loads(json.dumps(to_plain(configuration)))
    returned = from_plain(component.config_class(), tree, descriptor=component.descriptor)
    expect(
        returned == configuration,
        f"written to JSON and read back it is another:\n  {configuration.trainer}\n  {returned.trainer}",
    )


def _check_pickle(component: Component, overrides: Sequence[str]) -> None:
    config = _build(component, overrides).trainer
    try:
        returned = pickle.loads(pickle.dumps(config))  # noqa: S301 - it was written one call ago
    except Exception as error:
        raise CheckFailed(f"it cannot be sent to another process: {error!r}") from error
    expect(returned == config, f"pickled and read back it is another:\n  {config}\n  {returned}")


def _check_unknown_keys(component: Component, overrides: Sequence[str]) -> None:
    try:
        _build(component, [*overrides, "trainer.no_such_option_exists=1"])
    except ConfigError as error:
        expect("no_such_option_exists" in str(error), f"the refusal does not name the key: {error}")
        return
    raise CheckFailed("a key that it does not have is accepted")
