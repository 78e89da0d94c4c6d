"""The fine-tune jobs of a run: planned, submitted, waited for."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import asdict, evolve

from mlkernel import FineTuneJob, FineTuneRequest, Run
from mlkernel_text.answers.budget import Budget
from mlkernel_text.backends.backend import TextBackend, TrainingMethod
from mlkernel_text.backends.training_file import training_lines
from mlkernel_text.jobs.backend_answers import BackendAnswers
from mlkernel_text.jobs.fine_tune_config import FineTuneConfig
from mlkernel_text.jobs.job_ledger import JobLedger, JobRecord
from mlkernel_text.jobs.job_life import JobLife, announce

Row = Mapping[str, Any]

_HYPERPARAMETERS = (
    "epochs",
    "learning_rate",
    "batch_size",
    "beta",
    "nll_coefficient",
    "kl_coefficient",
    "clip",
    "provider_options",
)


class FineTuneJobs:
    """Makes at most one job for each iteration, group and attempt, whatever fails on the way.

    Every method may be called again for the same iteration, by this process or a later one: it goes on where the ledger
    stands.

    :param run: its hooks are asked to create and poll jobs, and told of each change.
    :param backend: who uploads files, finds jobs and makes models servable.
    """

    def __init__(
        self, run: Run, backend: TextBackend, ledger: JobLedger, budget: Budget, options: FineTuneConfig
    ) -> None:
        self._run = run
        self._backend = backend
        self._ledger = ledger
        self._budget = budget
        self._options = options
        self.answers = BackendAnswers(backend, ledger)
        """For the trainer, which answers the kernel's questions about jobs."""

    def plan(
        self,
        iteration: int,
        group: str,
        *,
        model: str,
        method: TrainingMethod,
        rows: Sequence[Row],
        validation_rows: Sequence[Row] = (),
        options: Mapping[str, Any] = {},
    ) -> None:
        """Write the training files, and the intent to train *group* on them. Nothing is sent.

        :param rows: in the format of the method; too few make the job ``skipped``.
        :param options: hyperparameters that go before those of the configuration, and the grader of ``rft``.
        """
        if self._is_begun(iteration, group):
            return
        least = max(self._options.min_rows, self._backend.capabilities.min_rows)
        if len(rows) < least:
            self.skip(iteration, group, f"{len(rows)} training rows, and {least} are needed")
            return
        training_file, digest = self._write(f"{iteration:04d}-{group}.jsonl", rows)
        validation_file = None
        if validation_rows:
            validation_file, _ = self._write(f"{iteration:04d}-{group}-validation.jsonl", validation_rows)
        request = FineTuneRequest(
            key=self._key(iteration, group),
            provider=self._backend.name,
            model=model,
            method=method,
            training_file=training_file,
            validation_file=validation_file,
            rows=len(rows),
            sha256=digest,
            seed=seed_of(self._run.seed, iteration, group),
            options={**self._configured(), **options},
        )
        self._begin(iteration, group, request, "planned", None)

    def skip(self, iteration: int, group: str, reason: str) -> None:
        """Note that *group* is not trained in this iteration, and why; a job that was begun goes on."""
        if self._is_begun(iteration, group):
            return
        request = FineTuneRequest(
            key=self._key(iteration, group),
            provider=self._backend.name,
            model="",
            method="sft",
            training_file=self._directory / f"{iteration:04d}-{group}.jsonl",
        )
        self._begin(iteration, group, request, "skipped", reason)

    def _is_begun(self, iteration: int, group: str) -> bool:
        """Whether more is done than planned, so that the plan stands."""
        standing = self._ledger.current(iteration, group)
        return standing is not None and (
            standing.attempt > 1 or standing.job.state not in {"planned", "skipped"}
        )

    async def submit(self, iteration: int) -> None:
        """Create the planned jobs, all groups at once.

        :raises ProviderError: the provider refuses the key, or fails too often; resumed, the run goes on here.
        :raises BudgetReached: a job might pass the cap.
        :raises RunStopped: the run was asked to stop.
        """
        lives = self._lives(iteration)
        await self._live((life.create() for life in lives.values()), until=asyncio.ALL_COMPLETED)

    async def wait(self, iteration: int) -> dict[str, FineTuneJob]:
        """Wait until all jobs of *iteration* are final, and return them by group.

        :raises JobFailed: as ``on_failure`` says.
        :raises ProviderError, BudgetReached, RunStopped: as :meth:`submit`; the jobs go on at the provider.
        """
        lives = self._lives(iteration)
        await self._live((life.finish() for life in lives.values()), until=asyncio.FIRST_EXCEPTION)
        return {group: life.job for group, life in lives.items()}

    def jobs(self, iteration: int) -> dict[str, FineTuneJob]:
        """Group → its job of *iteration*, as it was last saved."""
        return {group: record.job for group, record in self._ledger.records(iteration).items()}

    @property
    def _directory(self) -> Path:
        return self._run.directory / "artifacts" / "fine-tune"

    def _write(self, name: str, rows: Sequence[Row]) -> tuple[Path, str]:
        text = training_lines(rows)
        with self._run.artifact(f"fine-tune/{name}") as path:
            path.write_text(text, encoding="utf-8")
        return self._directory / name, hashlib.sha256(text.encode()).hexdigest()

    def _key(self, iteration: int, group: str) -> str:
        return f"{self._run.id}/{iteration:04d}/{group}/1"

    def _configured(self) -> dict[str, Any]:
        options = asdict(self._options)
        return {name: options[name] for name in _HYPERPARAMETERS if options[name] not in (None, {})}

    def _begin(
        self, iteration: int, group: str, request: FineTuneRequest, state: Any, message: str | None
    ) -> None:
        standing = self._ledger.current(iteration, group)
        job = FineTuneJob(
            key=request.key, provider=request.provider, identifier="", state=state, message=message
        )
        record = JobRecord(iteration=iteration, group=group, attempt=1, request=request, job=job)
        if standing is None or evolve(standing, request=request) != record:
            self._ledger.save(record)
            announce(self._run, record, None if standing is None else standing.job.state)
        else:
            self._ledger.save(record)

    def _lives(self, iteration: int) -> dict[str, JobLife]:
        return {
            group: JobLife(self._run, self._backend, self._ledger, self._budget, self._options, record)
            for group, record in self._ledger.records(iteration).items()
        }

    async def _live(self, work: Iterable[Awaitable[None]], *, until: str) -> None:
        """Do everything at once, and raise the first error.

        :param until: ``ALL_COMPLETED`` where each piece is short and shall not be torn, ``FIRST_EXCEPTION`` where the
            others may take hours; what is torn can be done again.
        """
        self.answers.serve()
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            if tasks:
                await asyncio.wait(tasks, return_when=until)
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
                raise outcome
        self._run.stop_if_asked()


def seed_of(run_seed: int, iteration: int, group: str) -> int:
    """A job's seed, the same in every process; below 2**31, which every provider takes."""
    digest = hashlib.blake2b(f"{run_seed}/{iteration}/{group}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 33
