"""Chats as tokens, by the template of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlkernel_locallm.model.byte_chat import content_text


class ChatCodec:
    """Encodes chats for one model.

    :param tokenizer: a tokenizer of transformers with a chat template and an end-of-sequence token.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.end: int = tokenizer.eos_token_id
        self.padding: int = self.end if tokenizer.pad_token_id is None else tokenizer.pad_token_id

    def prompt(self, chat: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
        """The tokens that an answer follows.

        :raises ValueError: for a chat that the template refuses.
        """
        messages = [
            {"role": message.get("role"), "content": content_text(message.get("content"))} for message in chat
        ]
        text = self._tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        return tuple(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def answer(self, text: str) -> tuple[int, ...]:
        """The tokens of an answer, its end included."""
        return (*self._tokenizer(text, add_special_tokens=False)["input_ids"], self.end)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of an answer."""
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=True)
        return text
