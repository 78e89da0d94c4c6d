"""The model behind an agent."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from attrs import Factory, frozen


@frozen(kw_only=True)
class Player:
    """Which model plays an agent, and how it is asked."""

    model: str
    """As the provider names it."""
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 256
    """Of one answer."""
    stop: tuple[str, ...] = ()
    instructions: str = ""
    """Further text at the end of the system prompt."""
    prompt: str | None = None
    """Template of the system prompt, in place of the scenario's own."""
    logprobs: bool = False
    """Whether to ask for tokens and their log-probabilities."""
    extra: Mapping[str, Any] = Factory(dict)
    """Further fields of the provider's request body."""

    @cached_property
    def signature(self) -> str:
        """All of it as text."""
        return repr(self)
