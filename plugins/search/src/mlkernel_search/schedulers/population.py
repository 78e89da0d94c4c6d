"""Populations: trials that are trained interval by interval, and go on from each other's checkpoints."""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mlkernel import (
    Assignment,
    ConfigError,
    Curve,
    Curves,
    Decision,
    NewTrial,
    Promote,
    SearchProblem,
    Wait,
    trial_random,
)
from mlkernel_search.schedulers.configs import PopulationConfig
from mlkernel_search.schedulers.refusals import refuse_several_objectives, required_max_step
from mlkernel_search.schedulers.rung import Ladder, ReportReader
from mlkernel_search.schedulers.standing import ENDED, assigned, paused_at_its_step, ranked


class PopulationScheduler(ABC):
    """Pauses each trial after every interval; one that is bad goes on from the checkpoint of a good one.

    The trials 0 to n-1 are the first population of n, the next n the second. However many run at once, whoever is
    furthest behind goes first. In the synchronous form, an interval begins when all have ended the one before; the
    worst begin it first, so that a checkpoint is copied before its own trial trains on.
    """

    pauses_trials: ClassVar[bool] = True
    copies_checkpoints: ClassVar[bool] = True
    needs_live_reports: ClassVar[bool] = False

    def __init__(self, problem: SearchProblem, options: PopulationConfig, name: str) -> None:
        refuse_several_objectives(problem, name)
        self.problem, self.options = problem, options
        self._max_step = required_max_step(problem, name)
        self._size = population_size(problem, options, name)
        unknown = [kept for kept in options.keep if kept not in problem.space.by_name]
        if unknown:
            raise ConfigError(f"keep names what is no parameter of the space: {', '.join(unknown)}")
        intervals = math.ceil(self._max_step / options.interval - 1e-9)
        self.steps = [options.interval * count for count in range(1, intervals)] + [float(self._max_step)]
        self._reader = ReportReader()

    @abstractmethod
    def explore(
        self, curves: Curves, source: Curve, members: Sequence[int], rng: random.Random
    ) -> Mapping[str, Any]:
        """The point that a trial tries with the checkpoint of *source*.

        :param members: of the population.
        """

    def assign(self, curves: Curves) -> Assignment:
        """Whoever is furthest behind in the oldest population, or a new trial."""
        self._read(curves)
        for first in range(self._over, len(curves), self._size):
            members = [curves[trial] for trial in range(first, min(first + self._size, len(curves)))]
            is_complete = len(members) == self._size
            if is_complete and first == self._over and all(member.state in ENDED for member in members):
                self._over += self._size
            promotion = self._promotion(curves, members) if is_complete or curves.closed else None
            if promotion is not None:
                return promotion
        return Wait() if curves.closed else NewTrial(until=self.steps[0])

    def decide(self, curves: Curves, trial: int) -> Decision:
        """Pause it at the end of its interval."""
        return paused_at_its_step(curves[trial], self._max_step)

    def finalists(self, curves: Curves) -> Sequence[int]:
        """Those who reached the last step, or the latest interval that anybody has."""
        self._read(curves)
        return self.ladder.highest()

    def _read(self, curves: Curves) -> None:
        if self._reader.is_new(curves):
            self.ladder = Ladder(self.steps, skipped=True)
            self._over = 0
        for report in self._reader.unread(curves):
            self.ladder.enter(report)

    def _promotion(self, curves: Curves, members: Sequence[Curve]) -> Promote | None:
        alive = [member for member in members if member.state not in ENDED]
        behind = sorted({assigned(member) for member in alive})
        for step in behind[:1] if self.options.synchronous else behind:
            there = [member for member in alive if assigned(member) == step]
            if self.options.synchronous and any(member.state != "paused" for member in there):
                return None
            numbers = [member.number for member in members]
            order = self.order(curves, numbers, step)
            for trial in reversed(order):
                if curves[trial].state == "paused" and assigned(curves[trial]) == step:
                    return self._next_interval(curves, curves[trial], order, numbers)
        return None

    def _next_interval(
        self, curves: Curves, curve: Curve, order: Sequence[int], members: Sequence[int]
    ) -> Promote:
        rng = self.randomness(curve.number, assigned(curve))
        chosen = source_of(curve.number, order, self.options, rng)
        if chosen is None or curves[chosen].points[-1].step >= self._max_step:
            return Promote(trial=curve.number, until=self._step_after(curve))
        source = curves[chosen]
        until = max(self._step_after(curve), self._step_after(source))
        parameters = self.explore(curves, source, members, rng)
        return Promote(trial=curve.number, until=until, source=chosen, parameters=parameters)

    def order(self, curves: Curves, members: Sequence[int], step: float) -> list[int]:
        """Those of *members* that ended the interval at *step* and could go on, the best first."""
        return ranked(self.ladder.rungs[self.steps.index(step)], members, curves)

    def randomness(self, trial: int, step: float) -> random.Random:
        """What decides whose checkpoint *trial* copies at *step*, and what it tries then."""
        return trial_random(self.problem.seed, trial, f"after step {step:g}")

    def _step_after(self, curve: Curve) -> float:
        newest = curve.points[-1].step
        return next((step for step in self.steps if step > newest), self.steps[-1])


def population_size(problem: SearchProblem, options: PopulationConfig, name: str) -> int:
    """How many trials make up a population.

    :raises ConfigError: neither the options nor the problem tell.
    """
    size = options.population or problem.trials
    if size is None:
        raise ConfigError(
            f"the trial scheduler {name!r} does not know how many trials make up its population",
            hint="Give its option population, or the study's number of trials.",
        )
    return size


def source_of(trial: int, order: Sequence[int], options: PopulationConfig, rng: random.Random) -> int | None:
    """The trial whose checkpoint *trial* shall go on from; ``None`` if it keeps its own.

    :param order: the population, the best first; *trial* is one of it.
    """
    place = order.index(trial)
    if options.exploit == "binary_tournament":
        opponents = [other for other in order if other != trial]
        opponent = rng.choice(opponents) if opponents else trial
        return opponent if order.index(opponent) < place else None
    size = min(math.ceil(len(order) * options.fraction - 1e-9), len(order) // 2)
    return rng.choice(order[:size]) if size and place >= len(order) - size else None
