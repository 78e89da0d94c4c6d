"""Everything between a trainer and its provider: answers, budget, jobs, and the files where they are kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mlkernel import Run
from mlkernel_text.answers.answer_service import AnswerService
from mlkernel_text.answers.answer_store import AnswerStore
from mlkernel_text.answers.budget import Budget
from mlkernel_text.backends.backend import TextBackend
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.jobs.fine_tune_jobs import FineTuneJobs
from mlkernel_text.jobs.job_ledger import JobLedger
from mlkernel_text.trainer.pure_text_config import PureTextConfig

STATE = "provider"
"""Folder of a run directory with what must outlive the process: kept answers, budget, jobs, the back end's files."""
_DRAIN_SECONDS = 60.0


class ProviderDesk:
    """A run's back end, and what stands in front of it.

    :param owner: the run directory whose models are used; another run's when that run's tests are made anew.
    """

    def __init__(self, run: Run, config: PureTextConfig, owner: Path | None = None) -> None:
        state = run.directory / STATE
        state.mkdir(exist_ok=True)
        context = BackendContext(
            directory=(owner or run.directory) / STATE / "backend",
            run_id=run.id,
            seed=run.seed,
            logger=run.logger,
        )
        self.backend: TextBackend = config.backend.make(context)
        self.budget = Budget(
            state / "budget.sqlite",
            config.budget.max_cost,
            config.budget.max_tokens,
            config.budget.prices,
            is_metered=self.backend.capabilities.metered,
        )
        self.jobs = FineTuneJobs(
            run, self.backend, JobLedger(state / "jobs.sqlite"), self.budget, config.fine_tune
        )
        self._store_path = state / "answers.sqlite"
        self._run = run
        self._config = config

    def open(self) -> AnswerService:
        """Make what answers requests.

        :raises UsageError: the file of kept answers is damaged.
        """
        metered = self.backend.capabilities.metered
        self._store = AnswerStore(self._store_path) if metered else None
        self.answers = AnswerService(
            self.backend,
            store=self._store,
            budget=self.budget,
            options=self._config.limits,
            logger=self._run.logger,
        )
        return self.answers

    async def release(self, models: Iterable[str]) -> None:
        """Tell the provider that *models* are not needed; one that fails to hear it ends no run."""
        for model in sorted(models):
            try:
                await self.backend.release(model)
            except ProviderError as error:
                self._run.logger.warning("a model was not released", model=model, reason=error.message)

    async def close(self) -> None:
        """Wait for answers that are on their way and paid for, and let go of files and connections."""
        await self.answers.drain(_DRAIN_SECONDS)
        await self.backend.aclose()
        if self._store is not None:
            self._store.close()
        self.budget.close()
