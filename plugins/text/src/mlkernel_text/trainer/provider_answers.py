"""A trainer's answers to the kernel's questions about fine-tune jobs."""

from __future__ import annotations

from mlkernel import FineTuneJob, FineTuneRequest, Run, hookimpl
from mlkernel_text.trainer.provider_desk import ProviderDesk


class ProviderAnswers:
    """Answers by the run's own back end; another plugin may answer before it, or around it."""

    _desk: ProviderDesk

    @hookimpl(trylast=True)
    def create_fine_tune_job(self, run: Run, request: FineTuneRequest) -> FineTuneJob | None:
        """Find the job of this key, or create it."""
        return (
            self._desk.jobs.answers.create(request) if request.provider == self._desk.backend.name else None
        )

    @hookimpl(trylast=True)
    def poll_fine_tune_job(self, run: Run, job: FineTuneJob) -> FineTuneJob | None:
        """Look at the job."""
        return self._desk.jobs.answers.poll(job) if job.provider == self._desk.backend.name else None

    @hookimpl(trylast=True)
    def cancel_fine_tune_job(self, run: Run, job: FineTuneJob) -> FineTuneJob | None:
        """Cancel the job."""
        return self._desk.jobs.answers.cancel(job) if job.provider == self._desk.backend.name else None
