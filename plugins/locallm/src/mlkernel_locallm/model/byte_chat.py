"""Chats as tokens: bytes of UTF-8, and one token for each thing that is not text.

A chat is ``BEGIN``, and for each message the token of its role, its bytes, and ``END``. What is to be answered ends
with the token ``ASSISTANT``. No text contains a special token, so that no message can imitate another role.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

BEGIN, END, SYSTEM, USER, ASSISTANT, PADDING = 256, 257, 258, 259, 260, 261
"""Special tokens."""

ROLES: Mapping[str, int] = {
    "system": SYSTEM,
    "developer": SYSTEM,
    "user": USER,
    "tool": USER,
    "assistant": ASSISTANT,
}
"""Role of a message → its token."""


@frozen
class EncodedChat:
    """A chat as tokens."""

    tokens: tuple[int, ...]
    learned: tuple[bool, ...]
    """For each token whether it belongs to an answer that is to be learned."""


def encode_prompt(messages: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """The tokens to which the model writes the next answer.

    :raises ValueError: for a role or a content that no chat has.
    """
    return (*encode_chat(messages).tokens, ASSISTANT)


def encode_chat(messages: Sequence[Mapping[str, Any]]) -> EncodedChat:
    """The tokens of a whole chat; answers are learned unless their ``weight`` is 0.

    :raises ValueError: for a role or a content that no chat has.
    """
    tokens, learned = [BEGIN], [False]
    for message in messages:
        role = message.get("role")
        if not isinstance(role, str) or role not in ROLES:
            raise ValueError(f"role is {role!r}, and must be one of {', '.join(ROLES)}")
        content = content_text(message.get("content")).encode()
        learns = role == "assistant" and message.get("weight", 1) != 0
        tokens += [ROLES[role], *content, END]
        learned += [False, *[learns] * (len(content) + 1)]
    return EncodedChat(tuple(tokens), tuple(learned))


def encode_answer(text: str) -> tuple[int, ...]:
    """The tokens of an answer, as the model would write it."""
    return (*text.encode(), END)


def decode(tokens: Sequence[int]) -> str:
    """The text that *tokens* spell; special tokens are left out, torn characters replaced."""
    return bytes(token for token in tokens if token < BEGIN).decode(errors="replace")


def content_text(content: Any) -> str:
    """The text of a message's content, which may be a string, a list of text parts, or nothing.

    :raises ValueError: for anything else, such as an image.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence) and all(_is_text_part(part) for part in content):
        return "".join(part["text"] for part in content)
    raise ValueError(f"content must be a text or a list of text parts, and is {content!r:.80}")


def _is_text_part(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "text" and isinstance(part.get("text"), str)
