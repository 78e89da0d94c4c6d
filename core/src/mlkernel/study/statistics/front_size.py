"""What a study's Pareto front is made of, read without whole trials."""

from __future__ import annotations

from mlkernel.study.statistics.pareto import SWEPT, front_in_order
from mlkernel.study.statistics.study_results import losses, objectives_of
from mlkernel.study.store.records import StudyRecord
from mlkernel.study.store.study_store import StudyStore

COMPARABLE = (("finished",), ("stopped",))
"""Trials that a scheduler stopped had less effort: they are compared only where no other one ended."""


def comparable_losses(store: StudyStore, study: StudyRecord) -> tuple[list[int], list[tuple[float, ...]]]:
    """Number and losses of the trials that are compared."""
    objectives = objectives_of(study.configuration)
    for states in COMPARABLE:
        found = list(store.values(study.name, states))
        if found:
            points = [values for _, values in found]
            if any(objective.mode == "max" for objective in objectives):
                points = [losses(values, objectives) for values in points]
            return [number for number, _ in found], points
    return [], []


def front_size(store: StudyStore, study: StudyRecord) -> int | None:
    """How many trials the Pareto front has; ``None`` where more than three objectives would make that take long."""
    if len(objectives_of(study.configuration)) > SWEPT:
        return None
    _, points = comparable_losses(store, study)
    return sum(1 for _ in front_in_order(points))
