"""A trainer that does nothing but train two groups on rows of their own, iteration after iteration."""

from __future__ import annotations

import asyncio
from typing import Any

from attrs import frozen

from mlkernel import FineTuneJob, FineTuneRequest, Run, Trainer, hookimpl, option
from mlkernel_text.answers.budget import Budget
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.openai_backend import OpenAIBackend
from mlkernel_text.backends.openai_config import OpenAIConfig
from mlkernel_text.jobs.fine_tune_config import FineTuneConfig
from mlkernel_text.jobs.fine_tune_jobs import FineTuneJobs
from mlkernel_text.jobs.job_ledger import JobLedger

GROUPS = ("prover", "verifier")


@frozen(kw_only=True)
class JobTrainerConfig:
    backend: OpenAIConfig = option(
        factory=lambda: OpenAIConfig(model="base", api_key_env=None, timeout=2.0), help="The provider."
    )
    fine_tune: FineTuneConfig = option(
        factory=lambda: FineTuneConfig(poll_seconds=0.01, max_poll_seconds=0.05, backoff=0.02), help="Jobs."
    )
    iterations: int = option(2, help="Iterations.")
    rows: int = option(12, help="Rows of the prover; the verifier has always 12.")
    max_tokens: int | None = option(None, help="Budget.")
    skips_late: bool = option(False, help="Skip the prover once its job was made.")


class JobTrainer(Trainer):
    Config = JobTrainerConfig

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        context = BackendContext(directory=run.directory / "backend", run_id=run.id, seed=run.seed)
        self.backend = OpenAIBackend(self.config.backend, context)
        ledger = JobLedger(run.directory / "fine-tune.sqlite")
        self.budget = Budget(run.directory / "budget.sqlite", max_tokens=self.config.max_tokens)
        self.jobs = FineTuneJobs(run, self.backend, ledger, self.budget, self.config.fine_tune)
        self.models = dict.fromkeys(GROUPS, "base")

    def train(self) -> None:
        try:
            for iteration in self.run.loop("train", total=self.config.iterations):
                number = iteration.number
                for group in GROUPS:
                    count = self.config.rows if group == "prover" else 12
                    rows = [{"messages": [], "text": f"{group} {number} {row}"} for row in range(count)]
                    self.jobs.plan(number, group, model=self.models[group], method="sft", rows=rows)
                done = asyncio.run(self._tune(number))
                for group, job in done.items():
                    self.models[group] = job.model or self.models[group]
                iteration.log({"servable": sum(job.state == "servable" for job in done.values())})
            self.run.note("models", self.models)
            self.run.note("tokens", self.budget.spent.tokens)
        finally:
            self.budget.close()

    async def _tune(self, iteration: int) -> dict[str, FineTuneJob]:
        try:
            await self.jobs.submit(iteration)
            if self.config.skips_late:
                self.jobs.skip(iteration, "prover", "frozen in the meantime")
            return await self.jobs.wait(iteration)
        finally:
            await self.backend.aclose()

    @hookimpl
    def create_fine_tune_job(self, request: FineTuneRequest) -> FineTuneJob:
        return self.jobs.answers.create(request)

    @hookimpl
    def poll_fine_tune_job(self, job: FineTuneJob) -> FineTuneJob:
        return self.jobs.answers.poll(job)

    @hookimpl
    def cancel_fine_tune_job(self, job: FineTuneJob) -> FineTuneJob:
        return self.jobs.answers.cancel(job)

    def state_dict(self) -> dict[str, Any]:
        return {"models": self.models}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.models = state["models"]
