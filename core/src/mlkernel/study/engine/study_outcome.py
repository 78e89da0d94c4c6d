"""What came of a driver's work on a study."""

from __future__ import annotations

from attrs import frozen

from mlkernel.study.store.records import TrialRecord
from mlkernel.study.study_config import StudyConfig
from mlkernel.study.study_directory import StudyDirectory

STOPPED_EXIT_CODE = 75


@frozen(kw_only=True)
class StudyOutcome:
    """How a driver's work on a study ended."""

    directory: StudyDirectory
    config: StudyConfig
    ended: int
    """Trials that have ended, of all drivers."""
    failed: int
    """Those of them that failed."""
    best: TrialRecord | None
    """The best successful trial by the first objective."""
    front: int | None = None
    """How many trials the Pareto front of several objectives has; ``None`` where that takes long to count."""
    reason: str | None = None
    """Why it stopped before its end; ``None`` if it is finished."""

    @property
    def exit_code(self) -> int:
        """0 finished, 1 when no trial was successful, 75 stopped and resumable."""
        if self.reason is not None:
            return STOPPED_EXIT_CODE
        return 1 if self.ended and self.ended == self.failed else 0
