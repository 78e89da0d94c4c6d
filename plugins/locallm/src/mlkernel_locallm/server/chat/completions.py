"""Chat completions: a request in, an answer out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from starlette.concurrency import run_in_threadpool

from mlkernel_locallm.generation.prompt import Generation
from mlkernel_locallm.server.chat.alternatives import likeliest_tokens
from mlkernel_locallm.server.chat.chat_answer import Alternatives, Head, completion
from mlkernel_locallm.server.chat.chat_request import ChatRequest, check_context, read_chat_request
from mlkernel_locallm.server.chat.generation_queue import Asked, GenerationQueue, OnToken
from mlkernel_locallm.server.model_shelf import ModelShelf
from mlkernel_locallm.server.store.identifier import new_identifier, now


class Completions:
    """Answers chats by the models on the shelf."""

    def __init__(self, models: ModelShelf, queue: GenerationQueue) -> None:
        self._models = models
        self._queue = queue

    def read(self, body: Mapping[str, Any]) -> ChatRequest:
        """Check a request.

        :raises ApiError: 400 for a request that is wrong or too long, 404 for an unknown model.
        """
        request = read_chat_request(body)
        check_context(request, self._models.loaded(request.model).sampler.context)
        return request

    def head(self, request: ChatRequest) -> Head:
        """A new name for the answer."""
        return Head(identifier=new_identifier("chatcmpl-"), created=now(), model=request.model)

    def ask(self, request: ChatRequest, on_token: OnToken | None = None) -> Future[list[Generation]]:
        """Let the model write."""
        asked = Asked(
            model=request.model, prompts=request.prompts, grammar=request.grammar, on_token=on_token
        )
        return self._queue.ask(asked)

    def alternatives(self, request: ChatRequest, answer: Generation) -> Alternatives | None:
        """The likeliest tokens at each place of *answer*, if they were asked for."""
        if request.top_logprobs == 0:
            return None
        network = self._models.loaded(request.model).network
        return likeliest_tokens(network, request.prompts[0].tokens, answer, request.top_logprobs)

    def document(self, request: ChatRequest, answers: Sequence[Generation]) -> dict[str, Any]:
        """The completion of a request that was answered."""
        alternatives = [self.alternatives(request, answer) for answer in answers]
        return completion(self.head(request), request, answers, alternatives)

    async def complete(self, request: ChatRequest) -> dict[str, Any]:
        """Answer a request as a whole."""
        answers = await asyncio.wrap_future(self.ask(request))
        if request.top_logprobs:
            return await run_in_threadpool(self.document, request, answers)
        return self.document(request, answers)
