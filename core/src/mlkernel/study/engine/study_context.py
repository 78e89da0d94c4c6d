"""What every part of a driver works with."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from mlkernel.study.engine.file_move import FileMove
from mlkernel.study.engine.study_notices import StudyNotices
from mlkernel.study.engine.study_state import StudyState
from mlkernel.study.store.study_store import StudyStore


@frozen
class StudyContext:
    """One driver's view of its study."""

    store: StudyStore
    study: str
    """The study's name in the store."""
    driver: str
    """The name of this driver."""
    folder: Path
    """The study's folder here."""
    state: StudyState
    notices: StudyNotices
    files: FileMove
    """Where the study's files are here."""
