"""When a parameter matters: only while another one has one of some values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import attrs
from attrs import frozen

from mlkernel.study.space.dimension import as_tuple, value_key


@frozen(kw_only=True)
class Condition:
    """Holds while the parameter *parent* is active and has one of *values*."""

    parent: str
    """Name of another parameter."""
    values: tuple[Any, ...] = attrs.field(converter=as_tuple)
    """JSON values, each one that *parent* may take."""

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(map(value_key, self.values))

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        """Whether it holds for these values of the active parameters."""
        return self.parent in parameters and value_key(parameters[self.parent]) in self._keys
