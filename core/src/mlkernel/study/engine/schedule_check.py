"""Whether what is to be trained, and where, can do what the trial scheduler asks of it."""

from __future__ import annotations

from pathlib import Path

from mlkernel.errors import ConfigError
from mlkernel.launcher.launcher import Launcher
from mlkernel.study.engine.study_problem import make_problem
from mlkernel.study.scheduler_choice import make_trial_scheduler
from mlkernel.study.study_config import StudyConfig
from mlkernel.study.trial_scheduler import TrialScheduler
from mlkernel.study.worker.abilities import Abilities


def check_schedule(config: StudyConfig, abilities: Abilities, handles: Path) -> str | None:
    """See that the study's trials can be scheduled as it is configured.

    :param abilities: of what is trained.
    :param handles: the folder of the launcher.
    :returns: what people should know of it, if anything.
    :raises ConfigError: they cannot; names what can.
    """
    scheduler = make_trial_scheduler(config.scheduler.name, make_problem(config), config.scheduler.config)
    launcher: Launcher = config.launcher.make(handles)
    try:
        check_launcher(config, scheduler, launcher)
    finally:
        launcher.close()
    return check_abilities(config, scheduler, abilities)


def check_abilities(config: StudyConfig, scheduler: TrialScheduler, abilities: Abilities) -> str | None:
    """See that the study's target can be trained as *scheduler* decides.

    :returns: what people should know of it, if anything.
    :raises ConfigError: it cannot; names what can.
    """
    name = config.scheduler.name
    if scheduler.copies_checkpoints and not abilities.copies:
        raise ConfigError(
            f"the trial scheduler {name!r} lets trials go on from checkpoints of others, and {config.trainer} has none",
            hint="It takes kernel trainers, classes with save_checkpoint and load_checkpoint, and functions with a"
            " parameter source: the folder of the run to go on from.",
        )
    if not scheduler.pauses_trials:
        return None
    if not abilities.ends_at_steps:
        raise ConfigError(
            f"the trial scheduler {name!r} trains trials in parts, and {config.trainer} only tells how it ended",
            hint="It takes kernel trainers, classes with step, scripts that print reports, functions"
            " f(config, reporter), and functions with a parameter max_step: how far to train.",
        )
    if abilities.resumes:
        return None
    return (
        f"{config.trainer} has no checkpoints that are known: a trial that {name} lets train on is trained anew, up to "
        "its next step"
    )


def check_launcher(config: StudyConfig, scheduler: TrialScheduler, launcher: Launcher) -> None:
    """See that runs can have what they ask for, and that decisions reach them as soon as *scheduler* needs it.

    :raises UsageError: the launcher has no such resources.
    :raises ConfigError: decisions come too late; names schedulers that can wait.
    """
    launcher.check(config.resources)
    if scheduler.needs_live_reports and not launcher.capabilities.channel:
        raise ConfigError(
            f"the trial scheduler {config.scheduler.name!r} ends trials while they train, and jobs of the launcher "
            f"{config.launcher.name!r} hear of nothing then",
            hint="These wait for the end of a job: asha with scheduler.form=promote, successive-halving, hyperband, "
            "bohb-hyperband, pbt, pb2, fifo.",
        )
