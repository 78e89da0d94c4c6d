"""A study as it is evaluated: its trials, their runs, and what these reported."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import frozen

from mlkernel.errors import ConfigError
from mlkernel.study.curves import ENDED
from mlkernel.study.search_problem import Objective
from mlkernel.study.statistics.pareto import non_dominated
from mlkernel.study.store.records import ReportRecord, StudyRecord, TrialRecord

if TYPE_CHECKING:
    from mlkernel.study.space.search_space import SearchSpace
    from mlkernel.study.store.study_store import StudyStore


@frozen(kw_only=True)
class StudyResults:
    """Everything that statistics and reports are made of."""

    study: StudyRecord
    trials: Sequence[TrialRecord]
    """In the order of their numbers."""
    reports: Mapping[int, Sequence[ReportRecord]]
    """By the number of the trial, in their order."""

    @cached_property
    def objectives(self) -> tuple[Objective, ...]:
        """What was to be optimised."""
        return objectives_of(self.study.configuration)

    @cached_property
    def space(self) -> SearchSpace | None:
        """What is searched now; ``None`` where nothing is, or where it cannot be read any more."""
        from mlkernel.study.space.space_reader import read_space  # for which commands would wait

        table = self.study.configuration.get("space")
        try:
            return read_space(table) if table else None
        except ConfigError:
            return None

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of all parameters: those of the space, then others that were tried."""
        names = [parameter.name for parameter in self.space.parameters] if self.space else []
        tried = (name for trial in self.trials for name in trial.parameters)
        return tuple(dict.fromkeys([*names, *tried]))

    @cached_property
    def valued(self) -> tuple[TrialRecord, ...]:
        """Trials that ended with finite values, in the order of their ends."""
        ended = [trial for trial in self.trials if trial.state in ENDED and has_values(trial)]
        return tuple(sorted(ended, key=lambda trial: (_end(trial), trial.number)))

    @cached_property
    def comparable(self) -> tuple[TrialRecord, ...]:
        """Those of :attr:`valued` that got the whole effort; all of them where none did."""
        finished = tuple(trial for trial in self.valued if trial.state == "finished")
        return finished or self.valued

    def losses(self, trial: TrialRecord) -> tuple[float, ...]:
        """The values of a trial that has some, negated where more is better."""
        return losses(trial.values or (), self.objectives)

    def best(self, count: int, objective: int = 0) -> list[TrialRecord]:
        """The best trials of :attr:`comparable` by one objective; of equal ones, the earlier."""
        return sorted(self.comparable, key=lambda trial: (self.losses(trial)[objective], trial.number))[
            :count
        ]

    @cached_property
    def pareto_front(self) -> tuple[TrialRecord, ...]:
        """Trials of :attr:`comparable` that no other one beats, in the order of the first objective."""
        found = non_dominated([self.losses(trial) for trial in self.comparable])
        front = [self.comparable[place] for place in found]
        return tuple(sorted(front, key=lambda trial: (self.losses(trial), trial.number)))


def read_results(store: StudyStore, name: str) -> StudyResults:
    """Read a whole study into memory.

    :raises UsageError: there is none of this *name*.
    """
    reports: dict[int, list[ReportRecord]] = {}
    for report in store.reports(name):
        reports.setdefault(report.trial, []).append(report)
    return StudyResults(study=store.study(name), trials=tuple(store.trials(name)), reports=reports)


def objectives_of(configuration: Mapping[str, Any]) -> tuple[Objective, ...]:
    """The objectives in the plain values of a study's configuration."""
    given: Iterable[Mapping[str, Any]] = configuration.get("objectives") or [{}]
    return tuple(
        Objective(metric=entry.get("metric", "loss"), mode=entry.get("mode", "min")) for entry in given
    )


def losses(values: Sequence[float], objectives: Sequence[Objective]) -> tuple[float, ...]:
    """*values*, negated where more is better."""
    return tuple(
        [
            -value if objective.mode == "max" else value
            for value, objective in zip(values, objectives, strict=True)
        ]
    )


def has_values(trial: TrialRecord) -> bool:
    """Whether a trial has values, and all of them are finite."""
    return trial.values is not None and all(map(math.isfinite, trial.values))


def _end(trial: TrialRecord) -> float:
    return math.inf if trial.sequence is None else trial.sequence
