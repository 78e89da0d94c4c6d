"""Fine-tune jobs: long work that a trainer hands to a provider and waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlkernel.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from mlkernel.fine_tune_job import FineTuneJob, FineTuneRequest
    from mlkernel.run.run import Run


class FineTuneJobHooks:
    """The life of a job at a provider; :data:`mlkernel.FineTuneState` lists where it can stand.

    A trainer whose jobs these are answers for its own provider, and another plugin may answer before it. The kernel
    knows no provider: when nobody answers, it raises a :class:`mlkernel.UsageError` that names the provider.

    Whoever asks must have written its intent to disk before, so that a run that is killed between the question and the
    answer asks again with the same key. Questions and notifications may come from another thread than the trainer's,
    never from two at once for one job.
    """

    @hookspec(firstresult=True)
    def create_fine_tune_job(self, run: Run, request: FineTuneRequest) -> FineTuneJob | None:
        """Create the job, or find the one that an earlier attempt created with the same ``request.key``.

        :param request: provider, key, base model, method, training data and options.
        :returns: the job as the provider has it, ``submitted``, ``pending`` or later.
        """

    @hookspec(firstresult=True)
    def poll_fine_tune_job(self, run: Run, job: FineTuneJob) -> FineTuneJob | None:
        """Ask the provider for the job's present state.

        :param job: as it was last seen.
        :returns: the job with its new state; one that has succeeded names its ``model``. A state in
            :data:`mlkernel.FINAL_STATES` is never left.
        """

    @hookspec(firstresult=True)
    def cancel_fine_tune_job(self, run: Run, job: FineTuneJob) -> FineTuneJob | None:
        """Cancel the job; a job that already ended is returned as it is."""

    @hookspec
    def on_fine_tune_job_changed(self, run: Run, job: FineTuneJob, previous: str | None) -> None:
        """A job entered another state, which is on disk by now.

        :param previous: the state before, ``None`` for a new job.
        """
