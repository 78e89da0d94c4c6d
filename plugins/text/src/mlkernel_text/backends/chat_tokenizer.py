"""Chats as tokens, by the tokenizer and the chat template that come with a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from mlkernel import ConfigError, PluginError
from mlkernel_text.backends.errors import ProviderError

Message = Mapping[str, Any]


class ChatTokenizer:
    """A Hugging Face tokenizer with a chat template, loaded when it is first used.

    :param source: folder, or name of a model whose tokenizer is in the local cache or can be downloaded.
    :raises PluginError: on first use, if ``transformers`` is not installed.
    :raises ConfigError: on first use, if no tokenizer can be read there.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    @cached_property
    def _tokenizer(self) -> Any:
        try:
            from transformers import AutoTokenizer
        except ImportError:
            raise PluginError(
                "this back end turns chats into tokens itself and needs the package transformers",
                hint="pip install 'mlkernel-text[tinker]'",
            ) from None
        try:
            return AutoTokenizer.from_pretrained(self._source)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"no tokenizer can be read from {self._source!r}: {error}",
                hint="Set backend.tokenizer to a folder that holds the model's tokenizer, or to a model that has one.",
            ) from error

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens after which the next answer begins."""
        return self._apply(messages, add_generation_prompt=True)

    def text(self, tokens: Sequence[int]) -> str:
        """The text of an answer, without special tokens."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))

    def with_answers(self, messages: Sequence[Message]) -> tuple[list[int], list[bool]]:
        """The tokens of a chat, and which of them belong to an answer whose weight is not 0.

        :raises ProviderError: the template writes earlier messages otherwise once later ones follow, so that it
            cannot be told which tokens belong to an answer.
        """
        tokens: list[int] = []
        learnt: list[bool] = []
        for number, message in enumerate(messages):
            if message["role"] != "assistant":
                continue
            prompt, whole = self.prompt(messages[:number]), self._apply(messages[: number + 1])
            if prompt[: len(tokens)] != tokens or whole[: len(prompt)] != prompt:
                raise ProviderError(
                    f"the chat template of {self._source} changes what came before an answer",
                    kind="unsupported",
                    hint="Use a scenario with one answer a chat, or a tokenizer with another template.",
                )
            learnt += [False] * (len(prompt) - len(tokens))
            learnt += [message.get("weight", 1) != 0] * (len(whole) - len(prompt))
            tokens = whole
        return tokens, learnt

    def _apply(self, messages: Sequence[Message], **options: Any) -> list[int]:
        plain = [{"role": message["role"], "content": message["content"]} for message in messages]
        answer = self._tokenizer.apply_chat_template(plain, tokenize=True, return_dict=False, **options)
        return [int(token) for token in answer]
