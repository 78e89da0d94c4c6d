"""A completion in parts, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from codecs import getincrementaldecoder
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

from starlette.concurrency import run_in_threadpool

from mlkernel_locallm.generation.prompt import Generation
from mlkernel_locallm.model.byte_chat import BEGIN
from mlkernel_locallm.server.chat.chat_answer import logprobs_of, usage_of
from mlkernel_locallm.server.chat.chat_request import ChatRequest
from mlkernel_locallm.server.chat.completions import Completions
from mlkernel_locallm.server.http.api_error import ApiError

DONE = "data: [DONE]\n\n"
_CHUNK = "chat.completion.chunk"


class TextSoFar:
    """The part of an answer that will not change any more.

    Held back are bytes that may turn out to begin a stop string, and those of a character that is not complete.
    """

    def __init__(self, stop: tuple[str, ...]) -> None:
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._held = bytearray()
        self._hold = max((len(text.encode()) for text in stop), default=0)
        self._told = 0

    def take(self, token: int) -> str:
        """Take the next token; return the text that became certain."""
        if token >= BEGIN:
            return ""
        self._held.append(token)
        certain = len(self._held) - self._hold
        if certain <= 0:
            return ""
        text = self._decoder.decode(bytes(self._held[:certain]))
        del self._held[:certain]
        self._told += len(text)
        return text

    def rest(self, text: str) -> str:
        """What has not been told of the finished *text*."""
        return text[self._told :]


class ChatStream:
    """The events of a completion, each as it becomes known.

    Log-probabilities come with the chunk that ends a choice.
    """

    def __init__(self, completions: Completions, request: ChatRequest) -> None:
        self._completions = completions
        self._request = request
        self._head = completions.head(request)
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Queue[tuple[int, int] | None]()
        """Tokens with the index of their choice, and ``None`` at the end of all."""

    async def events(self) -> AsyncIterator[str]:
        """Let the model write, and tell of it."""
        answered = self._completions.ask(self._request, lambda index, token: self._tell((index, token)))
        answered.add_done_callback(lambda _: self._tell(None))
        texts = [TextSoFar(prompt.stop) for prompt in self._request.prompts]
        for index in range(len(texts)):
            yield self._chunk(index, {"role": "assistant", "content": "", "refusal": None})
        while (fresh := await self._news.get()) is not None:
            index, token = fresh
            if text := texts[index].take(token):
                yield self._chunk(index, {"content": text})
        try:
            answers = answered.result()
        except ApiError as error:
            yield _event(error.body())
            return
        for index, answer in enumerate(answers):
            async for event in self._end(index, answer, texts[index].rest(answer.text)):
                yield event
        if self._request.include_usage:
            usage = usage_of(self._request, answers)
            yield _event({**self._head.document(_CHUNK, []), "usage": usage})
        yield DONE

    def _tell(self, fresh: tuple[int, int] | None) -> None:
        # The loop is closed when the client, and with it an embedded server, has gone.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._news.put_nowait, fresh)

    async def _end(self, index: int, answer: Generation, rest: str) -> AsyncIterator[str]:
        if rest:
            yield self._chunk(index, {"content": rest})
        alternatives = await run_in_threadpool(self._completions.alternatives, self._request, answer)
        yield self._chunk(index, {}, finish=answer.finish, logprobs=logprobs_of(answer, alternatives))

    def _chunk(
        self,
        index: int,
        delta: Mapping[str, Any],
        *,
        finish: str | None = None,
        logprobs: Mapping[str, Any] | None = None,
    ) -> str:
        choice = {"index": index, "delta": dict(delta), "logprobs": logprobs, "finish_reason": finish}
        document = self._head.document(_CHUNK, [choice])
        return _event({**document, "usage": None} if self._request.include_usage else document)


def _event(document: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(document, ensure_ascii=False, separators=(',', ':'))}\n\n"
