"""The shape of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from attrs import asdict, frozen

VOCABULARY = 264
"""256 bytes, the special tokens of :mod:`mlkernel_locallm.model.byte_chat`, and two that are never used."""


@frozen(kw_only=True)
class ModelConfig:
    """Everything that decides the shapes of the weights, and the longest text."""

    width: int = 64
    """Units of the residual stream."""
    layers: int = 2
    heads: int = 4
    hidden: int = 168
    """Units of the gated layer, about 8/3 of the width."""
    shift: int = 3
    """How many earlier positions the token shift of a layer sees."""
    context: int = 2048
    """Most tokens of a prompt and its answer together."""
    rotary_base: float = 10_000.0
    """Theta of rotary position embeddings (Su et al. 2021, section 3.2)."""

    @property
    def head_width(self) -> int:
        """Units of one attention head."""
        return self.width // self.heads

    def as_json(self) -> dict[str, Any]:
        """The configuration in JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The configuration that :meth:`as_json` told."""
        return cls(**values)
