"""Fine-tune jobs: long work that a trainer hands to a provider and waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlkernel.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from mlkernel.fine_tune_job import FineTuneJob, FineTuneRequest
    from mlkernel.run.run import Run


class FineTuneJobHooks:
    """The life of a job at a provider.

    The kernel knows no provider: its own answer to the questions, when no plugin gives one, is a
    :class:`mlkernel.UsageError` that names the provider.
    """

    @hookspec(firstresult=True)
    def create_fine_tune_job(self, run: Run, request: FineTuneRequest) -> FineTuneJob | None:
        """Create the job, or find the one that an earlier attempt created with the same ``request.key``.

        :param request: provider, key, base model, method, training data and options.
        """

    @hookspec(firstresult=True)
    def poll_fine_tune_job(self, run: Run, job: FineTuneJob) -> FineTuneJob | None:
        """Ask the provider for the job's present state.

        :returns: the job with its new state.
        """

    @hookspec(firstresult=True)
    def cancel_fine_tune_job(self, run: Run, job: FineTuneJob) -> FineTuneJob | None:
        """Cancel the job; a job that already ended is returned as it is."""

    @hookspec
    def on_fine_tune_job_changed(self, run: Run, job: FineTuneJob, previous: str | None) -> None:
        """A job entered another state.

        :param previous: the state before, ``None`` for a new job.
        """
