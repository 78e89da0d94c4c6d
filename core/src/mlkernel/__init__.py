"""mlkernel: a microkernel for training experiments.

Everything a plugin needs is named here. Names are imported when they are first used, so that importing ``mlkernel``
costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlkernel.api_version import API_VERSION
    from mlkernel.checkpoint.state_codec import StateCodec
    from mlkernel.command import Command
    from mlkernel.config.choice import Choice, choice
    from mlkernel.config.component_config import configure
    from mlkernel.config.option import option
    from mlkernel.config.secret import Secret
    from mlkernel.descriptors import Descriptor, Kind
    from mlkernel.discovery.component import Component
    from mlkernel.discovery.name_resolution import resolve
    from mlkernel.errors import (
        ApiVersionError,
        CheckpointError,
        ConfigError,
        HookError,
        KernelError,
        NameConflictError,
        PluginError,
        RunLockedError,
        RunStopped,
        StorageError,
        TrainingError,
        UnknownNameError,
        UsageError,
    )
    from mlkernel.fine_tune_job import FINAL_STATES, FineTuneJob, FineTuneRequest, FineTuneState
    from mlkernel.hookspecs.markers import hookimpl
    from mlkernel.launcher.launcher import (
        JobHandle,
        JobSpec,
        JobStatus,
        Launcher,
        LauncherCapabilities,
        Resources,
    )
    from mlkernel.plots.learning_curve import draw_learning_curve
    from mlkernel.progress.progress_bar import ProgressBar
    from mlkernel.records.metrics import MetricRecord, read_metrics
    from mlkernel.run.attach_progress_bar import IterationContext, attach_progress_bar
    from mlkernel.run.attempt import Outcome
    from mlkernel.run.loop import Iteration
    from mlkernel.run.run import Run
    from mlkernel.run.session import resume_run, start_run
    from mlkernel.run.trainer import Trainer
    from mlkernel.server import Server
    from mlkernel.study.algorithm_choice import make_search_algorithm
    from mlkernel.study.curves import Curve, Curves, Report
    from mlkernel.study.history import History, Observation, PendingTrial
    from mlkernel.study.scheduler_choice import make_trial_scheduler
    from mlkernel.study.search_algorithm import Capabilities, SearchAlgorithm
    from mlkernel.study.search_problem import Objective, SearchProblem
    from mlkernel.study.space.search_space import Parameter, SearchSpace
    from mlkernel.study.space.space_reader import parse_space, read_space, read_space_file
    from mlkernel.study.trial_scheduler import (
        Assignment,
        Continue,
        Decision,
        NewTrial,
        Pause,
        Promote,
        Stop,
        TrialScheduler,
        Wait,
    )
    from mlkernel.study.trial_seed import trial_random, trial_seed
    from mlkernel.tracker.tracker import RunFacts, TrackedRecord, TrackedRun, Tracker
    from mlkernel.trial import Trial

__all__ = [
    "API_VERSION",
    "FINAL_STATES",
    "ApiVersionError",
    "Assignment",
    "Capabilities",
    "CheckpointError",
    "Choice",
    "Command",
    "Component",
    "ConfigError",
    "Continue",
    "Curve",
    "Curves",
    "Decision",
    "Descriptor",
    "FineTuneJob",
    "FineTuneRequest",
    "FineTuneState",
    "History",
    "HookError",
    "Iteration",
    "IterationContext",
    "JobHandle",
    "JobSpec",
    "JobStatus",
    "KernelError",
    "Kind",
    "Launcher",
    "LauncherCapabilities",
    "MetricRecord",
    "NameConflictError",
    "NewTrial",
    "Objective",
    "Observation",
    "Outcome",
    "Parameter",
    "Pause",
    "PendingTrial",
    "PluginError",
    "ProgressBar",
    "Promote",
    "Report",
    "Resources",
    "Run",
    "RunFacts",
    "RunLockedError",
    "RunStopped",
    "SearchAlgorithm",
    "SearchProblem",
    "SearchSpace",
    "Secret",
    "Server",
    "StateCodec",
    "Stop",
    "StorageError",
    "TrackedRecord",
    "TrackedRun",
    "Tracker",
    "Trainer",
    "TrainingError",
    "Trial",
    "TrialScheduler",
    "UnknownNameError",
    "UsageError",
    "Wait",
    "attach_progress_bar",
    "choice",
    "configure",
    "draw_learning_curve",
    "hookimpl",
    "make_search_algorithm",
    "make_trial_scheduler",
    "option",
    "parse_space",
    "read_metrics",
    "read_space",
    "read_space_file",
    "resolve",
    "resume_run",
    "start_run",
    "trial_random",
    "trial_seed",
]

_ERRORS = (
    "ApiVersionError",
    "CheckpointError",
    "ConfigError",
    "HookError",
    "KernelError",
    "NameConflictError",
    "PluginError",
    "RunLockedError",
    "RunStopped",
    "StorageError",
    "TrainingError",
    "UnknownNameError",
    "UsageError",
)

_MODULES = {
    **dict.fromkeys(_ERRORS, "mlkernel.errors"),
    "API_VERSION": "mlkernel.api_version",
    "FINAL_STATES": "mlkernel.fine_tune_job",
    "Assignment": "mlkernel.study.trial_scheduler",
    "Capabilities": "mlkernel.study.search_algorithm",
    "Choice": "mlkernel.config.choice",
    "Command": "mlkernel.command",
    "Component": "mlkernel.discovery.component",
    "Continue": "mlkernel.study.trial_scheduler",
    "Curve": "mlkernel.study.curves",
    "Curves": "mlkernel.study.curves",
    "Decision": "mlkernel.study.trial_scheduler",
    "Descriptor": "mlkernel.descriptors",
    "FineTuneJob": "mlkernel.fine_tune_job",
    "FineTuneRequest": "mlkernel.fine_tune_job",
    "FineTuneState": "mlkernel.fine_tune_job",
    "History": "mlkernel.study.history",
    "Iteration": "mlkernel.run.loop",
    "IterationContext": "mlkernel.run.attach_progress_bar",
    "JobHandle": "mlkernel.launcher.launcher",
    "JobSpec": "mlkernel.launcher.launcher",
    "JobStatus": "mlkernel.launcher.launcher",
    "Kind": "mlkernel.descriptors",
    "Launcher": "mlkernel.launcher.launcher",
    "LauncherCapabilities": "mlkernel.launcher.launcher",
    "MetricRecord": "mlkernel.records.metrics",
    "NewTrial": "mlkernel.study.trial_scheduler",
    "Objective": "mlkernel.study.search_problem",
    "Observation": "mlkernel.study.history",
    "Outcome": "mlkernel.run.attempt",
    "Parameter": "mlkernel.study.space.search_space",
    "Pause": "mlkernel.study.trial_scheduler",
    "PendingTrial": "mlkernel.study.history",
    "ProgressBar": "mlkernel.progress.progress_bar",
    "Promote": "mlkernel.study.trial_scheduler",
    "Report": "mlkernel.study.curves",
    "Resources": "mlkernel.launcher.launcher",
    "Run": "mlkernel.run.run",
    "RunFacts": "mlkernel.tracker.tracker",
    "SearchAlgorithm": "mlkernel.study.search_algorithm",
    "SearchProblem": "mlkernel.study.search_problem",
    "SearchSpace": "mlkernel.study.space.search_space",
    "Secret": "mlkernel.config.secret",
    "Server": "mlkernel.server",
    "StateCodec": "mlkernel.checkpoint.state_codec",
    "Stop": "mlkernel.study.trial_scheduler",
    "TrackedRecord": "mlkernel.tracker.tracker",
    "TrackedRun": "mlkernel.tracker.tracker",
    "Tracker": "mlkernel.tracker.tracker",
    "Trainer": "mlkernel.run.trainer",
    "Trial": "mlkernel.trial",
    "TrialScheduler": "mlkernel.study.trial_scheduler",
    "Wait": "mlkernel.study.trial_scheduler",
    "attach_progress_bar": "mlkernel.run.attach_progress_bar",
    "choice": "mlkernel.config.choice",
    "configure": "mlkernel.config.component_config",
    "draw_learning_curve": "mlkernel.plots.learning_curve",
    "hookimpl": "mlkernel.hookspecs.markers",
    "make_search_algorithm": "mlkernel.study.algorithm_choice",
    "make_trial_scheduler": "mlkernel.study.scheduler_choice",
    "option": "mlkernel.config.option",
    "parse_space": "mlkernel.study.space.space_reader",
    "read_metrics": "mlkernel.records.metrics",
    "read_space": "mlkernel.study.space.space_reader",
    "read_space_file": "mlkernel.study.space.space_reader",
    "resolve": "mlkernel.discovery.name_resolution",
    "resume_run": "mlkernel.run.session",
    "start_run": "mlkernel.run.session",
    "trial_random": "mlkernel.study.trial_seed",
    "trial_seed": "mlkernel.study.trial_seed",
}


def __getattr__(name: str) -> Any:
    """Import the module that holds *name*, once."""
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("mlkernel")
    elif name in _MODULES:
        value = getattr(import_module(_MODULES[name]), name)
    else:
        raise AttributeError(f"module 'mlkernel' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
