"""Studies: many runs that are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlkernel.hookspecs.markers import hookspec

if TYPE_CHECKING:
    from mlkernel.trial import Trial


class StudyHooks:
    """The life of a study and its trials."""

    @hookspec
    def on_study_started(self, study: str) -> None:
        """A driver of the study begins, for the first time or again, in a process that did not drive it before.

        :param study: its name.
        """

    @hookspec
    def on_trial_started(self, study: str, trial: Trial) -> None:
        """A trial's run was started.

        :param trial: number, run id and parameters.
        """

    @hookspec
    def on_trial_reported(self, study: str, trial: Trial, metric: str, value: float) -> None:
        """A trial's run reported the value by which trials are compared."""

    @hookspec
    def on_trial_ended(self, study: str, trial: Trial) -> None:
        """A trial ended; ``trial.state`` says how."""

    @hookspec
    def on_study_finished(self, study: str) -> None:
        """The study has no more trials to run."""
