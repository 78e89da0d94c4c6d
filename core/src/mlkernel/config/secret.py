"""A secret in a configuration: the name of an environment variable, never its value."""

from __future__ import annotations

import os
from typing import Any

from attrs import field, frozen

from mlkernel.errors import ConfigError

PREFIX = "env:"


def _is_reference(_instance: object, _attribute: Any, value: Any) -> None:
    if not isinstance(value, str) or not value.startswith(PREFIX) or value == PREFIX:
        # The value may be the secret itself, so the message does not repeat it.
        raise ValueError("a secret is given as env:NAME, the environment variable that holds it")


@frozen(repr=False)
class Secret:
    """A reference such as ``env:OPENAI_API_KEY``, which plans and logs may hold; :meth:`reveal` reads the value.

    :raises ValueError: when it is anything but such a reference.
    """

    reference: str = field(validator=_is_reference)

    def __repr__(self) -> str:
        return f"Secret({self.reference!r})"

    def __str__(self) -> str:
        return self.reference

    def reveal(self) -> str:
        """The value, read from the environment now and kept nowhere.

        :raises ConfigError: when the variable is not set.
        """
        name = self.reference.removeprefix(PREFIX)
        value = os.environ.get(name)
        if value is None:
            raise ConfigError(
                f"the environment variable {name} is not set, and the configuration refers to it as {self.reference}",
                hint=f"export {name}=... before starting the run",
            )
        return value
