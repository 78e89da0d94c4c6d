"""Requests that wait for the model, answered many at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Condition, Thread

import torch
from attrs import field, frozen

from mlkernel_locallm.generation.prompt import Generation, Prompt
from mlkernel_locallm.generation.sampler import BATCH
from mlkernel_locallm.server.chat.constrained_sampler import ConstrainedSampler
from mlkernel_locallm.server.http.api_error import ApiError
from mlkernel_locallm.server.model_shelf import ModelShelf

OnToken = Callable[[int, int], None]
"""Told of each token as it is chosen: index of the prompt, token."""


@frozen(kw_only=True, eq=False)
class Asked:
    """A request."""

    model: str
    prompts: tuple[Prompt, ...]
    grammar: str | None = None
    on_token: OnToken | None = None
    answered: Future[list[Generation]] = field(factory=Future)


class GenerationQueue:
    """Answers by one thread.

    It takes all that waits for the same model and writes the answers together; while it does, the next requests gather.
    So a batch is as large as the load makes it, and a lone request never waits for others to come.
    """

    def __init__(self, models: ModelShelf) -> None:
        self._models = models
        self._waiting: deque[Asked] = deque()
        self._changed = Condition()
        self._closed = False
        self._thread = Thread(target=self._work, name="locallm-generation", daemon=True)
        self._thread.start()

    def ask(self, asked: Asked) -> Future[list[Generation]]:
        """Put a request into the queue; the answers are in the order of its prompts.

        Once the queue is closed nobody answers: the future fails with :class:`ApiError`.
        """
        with self._changed:
            if self._closed:
                asked.answered.set_exception(ApiError(503, "the server is closing; ask again later"))
                return asked.answered
            self._waiting.append(asked)
            self._changed.notify()
        return asked.answered

    def close(self) -> None:
        """Answer what waits, then end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        torch.set_num_threads(1)
        while batch := self._take():
            batch = [asked for asked in batch if asked.answered.set_running_or_notify_cancel()]
            if batch:
                self._answer(batch)

    def _take(self) -> list[Asked]:
        """The oldest request and others that can be answered with it; nothing once closed."""
        with self._changed:
            while not self._waiting:
                if self._closed:
                    return []
                self._changed.wait()
            first = self._waiting.popleft()
            if first.grammar is not None:
                return [first]
            taken, rows, left = [first], len(first.prompts), deque[Asked]()
            for asked in self._waiting:
                fits = asked.model == first.model and asked.grammar is None
                if fits and rows + len(asked.prompts) <= BATCH:
                    taken.append(asked)
                    rows += len(asked.prompts)
                else:
                    left.append(asked)
            self._waiting = left
            return taken

    def _answer(self, batch: list[Asked]) -> None:
        try:
            answers = self._generate(batch)
        except Exception as error:  # noqa: BLE001 - it goes to whoever asked
            for asked in batch:
                asked.answered.set_exception(error)
            return
        start = 0
        for asked in batch:
            end = start + len(asked.prompts)
            asked.answered.set_result(answers[start:end])
            start = end

    def _generate(self, batch: list[Asked]) -> list[Generation]:
        first = batch[0]
        model = self._models.loaded(first.model)
        if first.grammar is not None:
            constrained = ConstrainedSampler(model.network, first.grammar)
            return [
                constrained.generate(prompt, index, first.on_token)
                for index, prompt in enumerate(first.prompts)
            ]
        prompts = [prompt for asked in batch for prompt in asked.prompts]
        if all(asked.on_token is None for asked in batch):
            return model.sampler.generate(prompts)
        owners = [(asked.on_token, index) for asked in batch for index in range(len(asked.prompts))]

        def tell(row: int, token: int, _logprob: float) -> None:
            on_token, index = owners[row]
            if on_token is not None:
                on_token(index, token)

        return model.sampler.generate(prompts, tell)
