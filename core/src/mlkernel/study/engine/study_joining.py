"""Whether a driver can join a study from another folder, perhaps of another machine, and where its files are there."""

from __future__ import annotations

from pathlib import Path

from mlkernel.errors import ConfigError, UsageError
from mlkernel.study.engine.file_move import FileMove
from mlkernel.study.engine.study_problem import make_problem
from mlkernel.study.engine.study_settings import stored_config
from mlkernel.study.engine.target_check import check_target
from mlkernel.study.scheduler_choice import make_trial_scheduler
from mlkernel.study.store.records import StudyRecord
from mlkernel.study.store.store_url import scheme


def require_database(url: str) -> None:
    """See that *url* names a database.

    :raises UsageError: it does not.
    """
    if scheme(url) is None:
        raise UsageError(
            f"{url} is no address of a database", hint="Such as postgresql://host/name; or leave it away."
        )


def check_joining(record: StudyRecord, directory: Path) -> None:
    """See that a driver whose trials start in *directory* can work on a study that began elsewhere.

    :raises UsageError: it cannot; says what is missing.
    """
    config = stored_config(record)
    scheduler = make_trial_scheduler(config.scheduler.name, make_problem(config), config.scheduler.config)
    if scheduler.copies_checkpoints:
        raise ConfigError(
            f"the study {record.name!r} cannot be joined: its trial scheduler {config.scheduler.name!r} lets trials go "
            "on from checkpoints of others, which lie in the folder of the driver that made them",
            hint="One driver works on such a study.",
        )
    try:
        check_target(FileMove(config.directory, str(directory)).config(config))
    except UsageError as error:
        raise ConfigError(
            f"the study {record.name!r} cannot be joined from {directory}: {error.message}",
            hint=f"Its files must lie there as they lie in {config.directory}, where it began.",
        ) from error
