"""From the configuration of a study to what algorithms and schedulers are made for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from mlkernel.config.problems import Problem, raise_problems
from mlkernel.errors import ConfigError
from mlkernel.study.algorithm_choice import make_search_algorithm
from mlkernel.study.history import History, PendingTrial
from mlkernel.study.scheduler_choice import make_trial_scheduler
from mlkernel.study.search_algorithm import SearchAlgorithm
from mlkernel.study.search_problem import SearchProblem
from mlkernel.study.space.search_space import Parameter, SearchSpace
from mlkernel.study.space.space_reader import read_space
from mlkernel.study.space.value_lists import Categorical
from mlkernel.study.study_config import StudyConfig
from mlkernel.study.trial_seed import trial_random

GRID = "grid"
"""The algorithm that comes to an end in any space."""
CONFIGURATION = "configuration"
"""The parameter that stands for the configuration file of a trial, in studies that have several."""


class ListedPoints:
    """Proposes the points of a list, one after the other: studies without a search."""

    def __init__(self, points: Sequence[Mapping[str, Any]]) -> None:
        self._points = points

    def ask(
        self, history: History, pending: Sequence[PendingTrial], numbers: Sequence[int]
    ) -> list[dict[str, Any]]:
        """The points of *numbers*, as far as the list goes."""
        del history, pending
        return [dict(self._points[number]) for number in numbers if number < len(self._points)]


def make_problem(config: StudyConfig) -> SearchProblem:
    """What is to be searched.

    :raises ConfigError: lists everything that is wrong with it.
    """
    space = search_space(config)
    problem = SearchProblem(
        space=space,
        objectives=tuple(config.objectives),
        seed=config.seed,
        trials=config.trials if config.trials or config.space else max(1, len(config.configurations)),
        parallel=max(1, config.jobs // len(config.runs_of_a_trial)),
        max_step=config.max_step,
        points_to_evaluate=tuple(config.points_to_evaluate),
    )
    if config.trials is None and config.space and space.cardinality is None and config.algorithm.name != GRID:
        message = "how many trials is not said, and the space has no end"
        raise_problems([Problem(path="study.trials", message=message, suggestion="give --trials N")])
    return problem


def search_space(config: StudyConfig) -> SearchSpace:
    """The space of all points; configuration files are values of a parameter of their own.

    :raises ConfigError: lists everything that is wrong with it.
    """
    space = read_space(config.space) if config.space else SearchSpace(parameters=())
    if not config.configurations:
        return space
    files = Parameter(name=CONFIGURATION, dimension=Categorical(values=config.configurations))
    return SearchSpace(parameters=(files, *space.parameters), constraints=space.constraints)


def make_algorithm(config: StudyConfig, problem: SearchProblem) -> SearchAlgorithm:
    """What proposes points.

    :raises UsageError: the algorithm is not there, or cannot do what the problem asks for.
    """
    if not config.space:
        return ListedPoints([{CONFIGURATION: file} for file in config.configurations] or [{}])
    return make_search_algorithm(
        config.algorithm.name,
        problem,
        config.algorithm.config,
        refine_after=config.refine_after,
        refine_top_k=config.refine_top_k,
    )


def short_space(config: StudyConfig) -> str | None:
    """That there will be fewer trials than were asked for, if the space, or the grid over it, has so few points."""
    if config.trials is None or config.points_to_evaluate:  # of which the same may be tried twice
        return None
    space = search_space(config)
    is_grid = config.algorithm.name == GRID and not config.refine_after
    size = _grid_size(config, space, config.trials) if is_grid else space.cardinality
    if size is None or size >= config.trials:
        return None
    has = f"the {'grid' if is_grid else 'space'} has {_counted(size, 'point')}"
    return f"{has}, so there will be at most {_counted(size, 'trial')} instead of {config.trials}"


def _grid_size(config: StudyConfig, space: SearchSpace, limit: int) -> int:
    """How many points the grid has, of which at most *limit* are counted."""
    bins = getattr(config.algorithm.config, "bins", None)
    return sum(1 for _ in islice(space.grid(bins), limit))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def check_study(config: StudyConfig) -> None:
    """See that the study can be searched and scheduled as it is configured.

    :raises UsageError: says what is wrong.
    """
    if not config.space and not config.configurations and (config.trials or 1) > 1:
        raise ConfigError(
            f"a study of {config.trials} trials needs a space to search, or configurations",
            hint="Such as --space 'x=uniform(0,1)'. Without one it has one trial; seeds=3 gives that three runs.",
        )
    problem = make_problem(config)
    problem.space.sample(trial_random(config.seed, 0))  # constraints may leave nothing
    make_algorithm(config, problem)
    make_trial_scheduler(config.scheduler.name, problem, config.scheduler.config)
