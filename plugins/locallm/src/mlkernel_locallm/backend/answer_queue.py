"""Requests that arrive at the same time, answered together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from attrs import frozen

from mlkernel_locallm.generation.prompt import Generation, Prompt

Answer = Callable[[str, Sequence[Prompt]], list[Generation]]
"""Model and prompts → answers, in the order of the prompts; called in a worker thread."""


@frozen
class Waiting:
    """A request that waits for its turn."""

    model: str
    prompts: Sequence[Prompt]
    answers: asyncio.Future[list[Generation]]


class AnswerQueue:
    """Gives everything that waits to one call of *answer* for each model.

    While one batch is computed the next one gathers, so that batches are as large as the load makes them and a lone
    request waits for nobody. Answers do not depend on the batch, so neither do results on timing.
    """

    def __init__(self, answer: Answer, executor: Executor) -> None:
        self._answer, self._executor = answer, executor
        self._waiting: list[Waiting] = []
        self._working: asyncio.Task[None] | None = None

    async def ask(self, model: str, prompts: Sequence[Prompt]) -> list[Generation]:
        """Answer *prompts* by *model*."""
        loop = asyncio.get_running_loop()
        request = Waiting(model, prompts, loop.create_future())
        self._waiting.append(request)
        if self._working is None or self._working.done():
            self._working = loop.create_task(self._work())
        return await request.answers

    async def _work(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)  # those who were woken by the same event ask before the batch leaves
            waiting, self._waiting = self._waiting, []
            for model in dict.fromkeys(request.model for request in waiting):
                await self._serve([request for request in waiting if request.model == model])

    async def _serve(self, requests: Sequence[Waiting]) -> None:
        prompts = [prompt for request in requests for prompt in request.prompts]
        loop = asyncio.get_running_loop()
        try:
            answers = await loop.run_in_executor(self._executor, self._answer, requests[0].model, prompts)
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            for request in requests:
                if not request.answers.done():
                    request.answers.set_exception(error)
            return
        position = 0
        for request in requests:
            if not request.answers.done():
                request.answers.set_result(answers[position : position + len(request.prompts)])
            position += len(request.prompts)
