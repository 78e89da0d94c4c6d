"""What is told of a study without reading all of its trials."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from mlkernel.study.statistics.front_size import COMPARABLE, comparable_losses
from mlkernel.study.statistics.study_results import objectives_of

if TYPE_CHECKING:
    from mlkernel.study.search_problem import Objective
    from mlkernel.study.store.records import StudyRecord, TrialRecord
    from mlkernel.study.store.study_store import StudyStore


def component_name(choice: Any) -> str | None:
    """The name in the configuration of a component, however it is written."""
    if isinstance(choice, dict):
        choice = choice.get("use")
    return str(choice) if choice else None


def best_trials(store: StudyStore, study: StudyRecord, limit: int, objective: int = 0) -> list[TrialRecord]:
    """The best trials by one objective; trials that were stopped early only where none was finished."""
    maximise = objectives_of(study.configuration)[objective].mode == "max"
    for states in COMPARABLE:
        found = store.best(study.name, objective, maximise=maximise, limit=limit, states=states)
        if found:
            return found
    return []


def pareto_trials(store: StudyStore, study: StudyRecord, limit: int) -> tuple[list[TrialRecord], int]:
    """The first trials of the Pareto front in the order of the first objective, and how many it has."""
    from mlkernel.study.statistics.pareto import non_dominated

    numbers, points = comparable_losses(store, study)
    front = sorted((points[place], numbers[place]) for place in non_dominated(points))
    return [store.trial(study.name, number) for _, number in front[:limit]], len(front)


def first_of_front(store: StudyStore, study: StudyRecord, limit: int) -> tuple[list[TrialRecord], int | None]:
    """The same, but for the number where more than three objectives would make that take long."""
    from mlkernel.study.statistics.pareto import SWEPT, front_in_order

    numbers, points = comparable_losses(store, study)
    front = front_in_order(points)
    trials = [store.trial(study.name, numbers[place]) for place in islice(front, limit)]
    is_counted = len(objectives_of(study.configuration)) <= SWEPT
    return trials, len(trials) + sum(1 for _ in front) if is_counted else None


def best_facts(trial: TrialRecord, objectives: Sequence[Objective]) -> dict[str, Any]:
    """A trial as plain data."""
    return {
        "trial": trial.number,
        "state": trial.state,
        "values": {
            objective.metric: value
            for objective, value in zip(objectives, trial.values or (), strict=False)
        },
        "parameters": dict(trial.parameters),
        "runs": [
            {"seed": run.seed, "fold": run.fold, "state": run.state, "values": run.values, "directory": run.directory}
            for run in trial.runs
        ],
    }  # fmt: skip


def print_trials(trials: Sequence[TrialRecord], objectives: Sequence[Objective]) -> None:
    """Print a row for each trial: its values, with the half width of their 95 % interval over runs, and its point."""
    from mlkernel.cli.printout import print_table
    from mlkernel.study.statistics.parameter_axis import label
    from mlkernel.study.statistics.trial_values import value_text

    names = list(dict.fromkeys(name for trial in trials for name in trial.parameters))
    metrics = [objective.metric for objective in objectives]
    rows = [
        [
            str(trial.number),
            trial.state,
            *(value_text(trial, place) for place in range(len(objectives))),
            *(label(trial.parameters[name]) if name in trial.parameters else "-" for name in names),
        ]
        for trial in trials
    ]
    print_table(["trial", "state", *_distinct(metrics, names)], rows, right=["trial"])


def _distinct(metrics: Sequence[str], names: Sequence[str]) -> list[str]:
    """Titles of columns: a metric and a parameter may have the same name."""
    taken = {"trial", "state", *metrics}
    return [*metrics, *(f"{name} (parameter)" if name in taken else name for name in names)]
