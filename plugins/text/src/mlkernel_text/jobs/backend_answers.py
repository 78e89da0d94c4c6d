"""From the threads in which hooks answer to the event loop of the back end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from mlkernel import FineTuneJob, FineTuneRequest, UsageError
from mlkernel_text.backends.backend import TextBackend
from mlkernel_text.jobs.job_ledger import JobLedger

Result = TypeVar("Result")


class BackendAnswers:
    """Answers the kernel's questions about fine-tune jobs by a back end.

    Hooks are plain functions and are called in worker threads; what the back end does runs on its own loop.
    """

    def __init__(self, backend: TextBackend, ledger: JobLedger) -> None:
        self._backend = backend
        self._ledger = ledger
        self._loop: asyncio.AbstractEventLoop | None = None

    def serve(self) -> None:
        """Let the running loop be the one on which the back end works."""
        self._loop = asyncio.get_running_loop()

    def create(self, request: FineTuneRequest) -> FineTuneJob:
        """Find the job, or create it; for a trainer's ``create_fine_tune_job``."""
        return self._on_loop(self._find_or_submit(request))

    def poll(self, job: FineTuneJob) -> FineTuneJob:
        """For a trainer's ``poll_fine_tune_job``."""
        return self._on_loop(self._backend.poll(job))

    def cancel(self, job: FineTuneJob) -> FineTuneJob:
        """For a trainer's ``cancel_fine_tune_job``."""
        return self._on_loop(self._backend.cancel(job))

    async def _find_or_submit(self, request: FineTuneRequest) -> FineTuneJob:
        found = await self._backend.find(request.key)
        if found is not None:
            return found
        record = self._ledger.find(request.key)
        return await self._backend.submit(request, None if record is None else record.job.uploaded)

    def _on_loop(self, work: Coroutine[Any, Any, Result]) -> Result:
        if self._loop is None or self._loop.is_closed():
            work.close()
            raise UsageError("a fine-tune hook was asked while no job was submitted or waited for")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
