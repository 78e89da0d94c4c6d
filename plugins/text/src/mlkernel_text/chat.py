"""Chats, as every provider's interface has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict


class ChatMessage(TypedDict):
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


Chat = Sequence[ChatMessage]
"""A conversation in order; what an agent is asked ends with a ``user`` message."""
