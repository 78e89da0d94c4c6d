"""The life of one group's job in one iteration, saved at each step."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from attrs import evolve

from mlkernel import FINAL_STATES, FineTuneJob, Run
from mlkernel_text.answers.budget import Budget, Reservation
from mlkernel_text.backends.backend import TextBackend
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.jobs.fine_tune_config import FineTuneConfig
from mlkernel_text.jobs.job_failed import JobFailed
from mlkernel_text.jobs.job_ledger import JobLedger, JobRecord
from mlkernel_text.jobs.patience import Patience

_ENDED = frozenset({"succeeded", "failed", "cancelled"})
"""States with which a provider's work ends, and from which its cost is known."""
_PAUSE_WITHOUT_DATE = 3600.0
_LOOKS_FOR_MODEL = 10


class JobLife:
    """Takes a job from each state to the next, until it is created, or final.

    planned → uploaded → submitted → pending → running ⇄ paused → succeeded → deploying → servable. The intent to
    create a job is saved as ``submitted`` before anyone is asked to, and whoever finds a job there looks for it at the
    provider first. So a process may die between any two lines, and an answer may get lost, without a second job.
    """

    def __init__(
        self,
        run: Run,
        backend: TextBackend,
        ledger: JobLedger,
        budget: Budget,
        options: FineTuneConfig,
        record: JobRecord,
    ) -> None:
        self._run = run
        self._backend = backend
        self._ledger = ledger
        self._budget = budget
        self._options = options
        self._record = record
        self._reservation: Reservation | None = None
        self._patience = Patience(options, self._is_stopping)
        self._looks_for_model = 0

    @property
    def job(self) -> FineTuneJob:
        """As it was last saved."""
        return self._record.job

    async def create(self) -> None:
        """Go on until the provider has the job, or the job has ended."""
        while not self._is_stopping() and not self.job.identifier and self.job.state not in FINAL_STATES:
            await self._step()

    async def finish(self) -> None:
        """Go on until the job is final, with new attempts as the options say.

        :raises JobFailed: it failed, was cancelled, or got lost, and the options say that the run ends then.
        """
        while not self._is_stopping():
            if self.job.state not in FINAL_STATES:
                await self._step()
            elif not await self._begins_again():
                return

    def _is_stopping(self) -> bool:
        return self._run.stop_reason is not None

    async def _step(self) -> None:
        try:
            await self._steps[self.job.state](self)
        except ProviderError as error:
            await self._bear(error)
        else:
            self._patience.calm()

    async def _upload(self) -> None:
        uploaded = await self._backend.upload(self._record.request)
        await self._save(state="uploaded", uploaded=uploaded)

    async def _intend(self) -> None:
        self._reserve()
        await self._save(state="submitted")

    async def _submit(self) -> None:
        self._reserve()
        created = await self._ask("create_fine_tune_job", request=self._record.request)
        await self._take(created)

    async def _look(self) -> None:
        await self._patience.before_next_look()
        if self._is_stopping():
            return
        self._reserve()
        await self._take(await self._seen())

    async def _seen(self) -> FineTuneJob:
        """What the provider tells of the job now; one that it knows neither by name nor by key is lost."""
        try:
            return await self._ask("poll_fine_tune_job", job=self.job)
        except ProviderError as error:
            if error.kind != "not_found":
                raise
        found = await self._backend.find(self.job.key)
        if found is not None and found.identifier != self.job.identifier:
            return found
        return evolve(self.job, state="failed", message="the provider has lost the job", retryable=True)

    async def _end_pause(self) -> None:
        """Of a parked job: wait for the known time, then go on where it stood."""
        await self._patience.until(self.job.retry_at or 0.0)
        if self._is_stopping():
            return
        if self.job.identifier:
            await self._take(await self._seen())
        else:
            await self._save(
                state="submitted" if self.job.uploaded else "planned", retry_at=None, message=None
            )

    async def _settle(self) -> None:
        """Of a succeeded job: its model may be named a moment later."""
        if self.job.model is not None:
            await self._save(state="deploying")
        elif self._looks_for_model < _LOOKS_FOR_MODEL:
            self._looks_for_model += 1
            await self._look()
        else:
            await self._save(state="failed", message="the provider says that it succeeded and names no model")

    async def _deploy(self) -> None:
        assert self.job.model is not None, "a job is deployed once it has a model"
        name = await self._backend.ensure_servable(self.job.model)
        await self._save(state="servable", model=name)

    _steps: ClassVar[dict[str, Callable[[JobLife], Awaitable[None]]]] = {
        "planned": _upload,
        "uploaded": _intend,
        "submitted": _submit,
        "pending": _look,
        "running": _look,
        "paused": _look,
        "parked": _end_pause,
        "succeeded": _settle,
        "deploying": _deploy,
    }

    async def _take(self, seen: FineTuneJob) -> None:
        """Save what the provider told, if it is news."""
        if seen.state in _ENDED:
            self._pay(seen)
        seen = evolve(seen, uploaded=seen.uploaded or self.job.uploaded)
        if seen != self.job:
            self._patience.hurry()
            await self._replace(seen)

    async def _bear(self, error: ProviderError) -> None:
        """Wait, end the job, or give up, as the error says."""
        if error.kind in {"auth", "quota"}:
            raise error
        if error.kind == "daily_limit":
            moment = time.time() + (_PAUSE_WITHOUT_DATE if error.retry_after is None else error.retry_after)
            await self._save(state="parked", retry_at=moment, message=error.message)
        elif error.is_retryable or (error.kind == "not_found" and self.job.state == "deploying"):
            await self._try_again(error)
        else:
            self._release()
            await self._save(state="failed", message=error.message)

    async def _try_again(self, error: ProviderError) -> None:
        """Looks may fail as often as they like; whatever else fails too often ends the run, which can be resumed."""
        is_free = error.kind == "rate_limit" or self.job.state in {"pending", "running", "paused", "parked"}
        if not is_free and self._patience.errors >= self._options.max_retries:
            if error.kind != "not_found":
                raise error
            await self._save(state="failed", message=error.message)
            return
        self._run.logger.warning(
            "a call for a fine-tune job failed and is tried again", job=self.job.key, error=error.message
        )
        await self._patience.after(error)

    async def _begins_again(self) -> bool:
        """After the end: whether a new attempt was begun."""
        if self.job.state not in {"failed", "cancelled"} or self._options.on_failure == "keep-model":
            return False
        attempts = self._record.attempt
        is_hopeless = self.job.state == "failed" and not self.job.retryable
        if self._options.on_failure == "raise" or is_hopeless or attempts >= self._options.max_attempts:
            raise JobFailed(self.job, self._record.group, attempts)
        self._record = next_attempt(self._record)
        self._reservation, self._looks_for_model = None, 0
        await self._replace(self._record.job, previous=None)
        return True

    async def _ask(self, question: str, **arguments: Any) -> FineTuneJob:
        job = await asyncio.to_thread(self._run.hooks.ask, question, run=self._run, **arguments)
        assert isinstance(job, FineTuneJob), f"{question} is answered with a FineTuneJob"
        return job

    async def _save(self, **changes: Any) -> None:
        await self._replace(evolve(self.job, **changes))

    async def _replace(self, job: FineTuneJob, previous: str | None = "") -> None:
        before = self.job.state if previous == "" else previous
        self._record = evolve(self._record, job=job)
        self._ledger.save(self._record)
        if before != job.state:
            announce(self._run, self._record, before)

    def _reserve(self) -> None:
        if self._reservation is None:
            most = self._backend.estimate(self._record.request)
            priced = self._budget.prices.of_training(self._record.request.model, most.tokens, most.cost)
            self._reservation = self._budget.reserve(priced, key=self.job.key)

    def _pay(self, job: FineTuneJob) -> None:
        """Settle what the provider counted; of a job that it does not count, the most if it succeeded."""
        self._reserve()
        assert self._reservation is not None, "it was just made"
        tokens, cost = job.trained_tokens, job.cost or 0.0
        if tokens is None and job.state == "succeeded":
            most = self._backend.estimate(self._record.request)
            tokens, cost = most.tokens, most.cost
        spent = self._budget.prices.of_training(self._record.request.model, tokens or 0, cost)
        self._reservation.settle(spent)

    def _release(self) -> None:
        if self._reservation is not None:
            self._reservation.release()
            self._reservation = None


def announce(run: Run, record: JobRecord, previous: str | None) -> None:
    """Tell listeners and the log that a job entered another state."""
    job = record.job
    is_trouble = job.state in {"failed", "cancelled", "parked"}
    log = run.logger.warning if is_trouble else run.logger.debug
    log(
        "fine-tune job",
        group=record.group,
        iteration=record.iteration,
        state=job.state,
        job=job.identifier or None,
        reason=job.message,
    )
    run.hooks.notifier("on_fine_tune_job_changed")(run=run, job=job, previous=previous)


def next_attempt(record: JobRecord) -> JobRecord:
    """The same work again, under a new key, so that the job which failed is not found in its place."""
    attempt = record.attempt + 1
    key = f"{record.request.key.rpartition('/')[0]}/{attempt}"
    job = FineTuneJob(key=key, provider=record.job.provider, identifier="", state="planned")
    return evolve(record, attempt=attempt, request=evolve(record.request, key=key), job=job)
