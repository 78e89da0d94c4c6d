"""The model that judges episodes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from mlkernel import KernelError
from mlkernel_text.analysers.judge_config import JudgeConfig
from mlkernel_text.answers.answer_service import AnswerService
from mlkernel_text.answers.answer_store import AnswerStore
from mlkernel_text.answers.budget import Budget
from mlkernel_text.backends.backend import SampleRequest
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.chat import Chat
from mlkernel_text.rollouts.outcomes import USABLE
from mlkernel_text.scenario.stable_random import stable_hash

_DRAIN_SECONDS = 60.0


class Judge:
    """Asks a model, and keeps its answers: an analysis that is cut short goes on without asking again.

    :param model: as the provider names it.
    """

    def __init__(self, answers: AnswerService, config: JudgeConfig, model: str) -> None:
        self._answers = answers
        self._config = config
        self._model = model

    @classmethod
    @asynccontextmanager
    async def opened(cls, config: JudgeConfig, directory: Path) -> AsyncIterator[Self]:
        """A judge whose answers and costs are kept in *directory*."""
        context = BackendContext(
            directory=directory / "backend", run_id=directory.name, seed=0, option="judge.backend"
        )
        backend = config.backend.make(context)
        budget = Budget(
            directory / "budget.sqlite",
            config.budget.max_cost,
            config.budget.max_tokens,
            config.budget.prices,
            is_metered=backend.capabilities.metered,
        )
        store = AnswerStore(directory / "answers.sqlite")
        answers = AnswerService(backend, store=store, budget=budget, options=config.limits)
        try:
            default = await backend.prepare(None)
            yield cls(answers, config, config.model or default)
        finally:
            await answers.drain(_DRAIN_SECONDS)
            await backend.aclose()
            store.close()
            budget.close()

    async def ask(self, chat: Chat, attempt: int) -> str:
        """The judge's answer; empty where it gave none, as after a refusal.

        :param attempt: 0, or another number for another answer to the same chat.
        :raises KernelError: the provider fails for good; what was answered is kept.
        """
        seed = stable_hash("judge", attempt, *(message["content"] for message in chat))
        request = SampleRequest(
            key=f"judge-{stable_hash(self._model, seed):016x}",
            model=self._model,
            chat=tuple(chat),
            temperature=self._config.temperature,
            max_tokens=self._config.max_tokens,
            seed=seed,
        )
        (sample,) = (await self._answers.answer(request)).samples
        if sample.outcome == "error":
            raise KernelError(
                f"the judge {self._model!r} does not answer: {sample.problem}",
                hint="What it answered is kept: analyse again later, and only the rest is asked.",
            )
        return sample.text if sample.outcome in USABLE else ""
