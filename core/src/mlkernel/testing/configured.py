"""A component made ready for its checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlkernel.config.sections import build
from mlkernel.discovery.component import Component


def configured(component: Component, overrides: Sequence[str] = ()) -> Any:
    """The configuration of *component*: its defaults, and the values of *overrides*.

    :param overrides: ``path=value``, such as the checks of a kind are given.
    :return: ``None`` for a component without a configuration.
    :raises ConfigError: an option without a default is not given, or a value is wrong.
    """
    config_class = component.config_class()
    if config_class is None:
        return None
    return build(config_class, overrides=overrides, descriptor=component.descriptor).trainer
