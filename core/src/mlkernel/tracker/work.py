"""What a follower does, by what it follows."""

from __future__ import annotations

from contextlib import AbstractContextManager

from mlkernel.records.run_directory import RunDirectory
from mlkernel.tracker.follower import Work
from mlkernel.tracker.run_work import RunWork, Starter
from mlkernel.tracker.tracking_file import TrackingFile


def work_on(file: TrackingFile, starter: Starter, watch: AbstractContextManager[object]) -> Work:
    """Follow the run, or the study, that *file* belongs to.

    :param starter: the process that is about to train, if one is.
    :param watch: entered around each call of the tracker.
    :raises UsageError: *file* cannot be read, or nobody provides its tracker any more.
    """
    if RunDirectory(file.directory).plan.exists():
        return RunWork(file, starter, watch)
    from mlkernel.tracker.study_work import StudyWork

    return StudyWork(file, starter, watch)
