"""Constraints: expressions over parameters that every point must satisfy."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from attrs import frozen

from mlkernel.errors import ConfigError
from mlkernel.study.space.expression import ADMITTED, names_in, parse_expression, value_of


@frozen
class Constraint:
    """``a.b <= 2 * c``, for example; a point in which one of its parameters is inactive satisfies it."""

    text: str
    """As it was written."""

    def __attrs_post_init__(self) -> None:
        """Refuse what is no constraint.

        :raises ConfigError: it does not parse, uses what does not exist here, or names no parameter.
        """
        if not self.parameters:
            raise ConfigError(f"the constraint {self.text!r} names no parameter", hint=ADMITTED)

    @cached_property
    def _expression(self) -> ast.expr:
        return parse_expression(self.text)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters in it."""
        return tuple(dict.fromkeys(names_in(self._expression)))

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        """Whether these values of the active parameters satisfy it.

        :raises ConfigError: it cannot be computed, such as a comparison of a number with a text.
        """
        if any(name not in parameters for name in self.parameters):
            return True
        try:
            return bool(value_of(self._expression, parameters))
        except (ZeroDivisionError, OverflowError, ValueError):
            return False  # undefined at this point: not a point that anybody asked for
        except TypeError as error:
            values = ", ".join(f"{name} = {parameters[name]!r}" for name in self.parameters)
            raise ConfigError(
                f"the constraint {self.text!r} cannot be computed for {values}: {error}"
            ) from error
