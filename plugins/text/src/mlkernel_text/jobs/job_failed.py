"""A fine-tune job ended without a model."""

from __future__ import annotations

from mlkernel import FineTuneJob, KernelError


class JobFailed(KernelError):  # noqa: N818 - says what happened, as the kernel's RunStopped does
    """A job failed or was cancelled, and the run shall not go on without it."""

    def __init__(self, job: FineTuneJob, group: str, attempts: int) -> None:
        count = "" if attempts == 1 else f" in attempt {attempts}"
        super().__init__(
            f"the fine-tune job {job.identifier or job.key} of {group} {job.state}{count}:"
            f" {job.message or 'the provider gives no reason'}",
            hint="kernel resume with fine_tune.on_failure=keep-model goes on with the model as it was.",
        )
        self.job = job
