"""From the name of a trial scheduler to one that spends the effort of a study."""

from __future__ import annotations

from typing import Any

from mlkernel.discovery.name_resolution import resolve
from mlkernel.study.search_problem import SearchProblem
from mlkernel.study.trial_scheduler import TrialScheduler

KIND = "trial_scheduler"


def make_trial_scheduler(name: str, problem: SearchProblem, config: Any = None) -> TrialScheduler:
    """Make the trial scheduler *name* for *problem*.

    :param config: an instance of its configuration class; its defaults when ``None``.
    :raises UnknownNameError: nobody provides it.
    :raises PluginError: a library that it needs is not installed.
    :raises ConfigError: it cannot schedule the problem, such as one without ``max_step`` or with several objectives.
    """
    component = resolve(KIND, name)
    config_class = component.config_class()
    settled = config_class() if config is None and config_class is not None else config
    scheduler: TrialScheduler = component.factory()(problem, settled)
    return scheduler
