"""Nevergrad's optimizers, NGOpt unless another is named.

Their state is made of all that they were asked and told. It is made anew by asking and telling them again in the order
of the history: with one trial at a time, exactly what happened; with several, points that they do not propose again are
told as found elsewhere, by those optimizers that listen to it.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import nevergrad as ng
import numpy as np
from nevergrad.common.errors import TellNotAskedNotSupportedError

from mlkernel import (
    Capabilities,
    ConfigError,
    Observation,
    PendingTrial,
    SearchProblem,
    trial_random,
    trial_seed,
)
from mlkernel_search.configs import NevergradConfig
from mlkernel_search.stepwise_search import StepwiseSearch

BUDGET = 100
"""Trials that an optimizer is told to expect if nobody knows their number."""
ASKS = 20
"""Times that an optimizer is asked for a point that satisfies the constraints."""

Point = Mapping[str, Any]


class NevergradSearch(StepwiseSearch):
    """Replays the history to an optimizer, and asks it on; trials under way are asked and not told."""

    capabilities: ClassVar[Capabilities] = Capabilities()
    may_repeat: ClassVar[bool] = True
    attempts: ClassVar[int] = 1

    def __init__(self, problem: SearchProblem, config: NevergradConfig | None = None) -> None:
        super().__init__(problem, config)
        self.options = config or NevergradConfig()
        if self.options.method not in ng.optimizers.registry:
            raise ConfigError(
                f"nevergrad has no optimizer {self.options.method!r}",
                hint=f"Some that it has: {', '.join(sorted(ng.optimizers.registry)[:8])}, NGOpt, OnePlusOne, TBPSA.",
            )
        self.varied = [found for found in problem.space.parents_first if found.dimension.levels != 1]

    def forget(self) -> None:
        """Start anew, with no trials."""
        self._samples: list[tuple[Point, float | None]] = []
        self._replay: Replay | None = None

    def learn(self, observation: Observation) -> None:
        """Keep an observation of the space."""
        if self.space.contains(observation.parameters):
            losses = self.problem.losses(observation)
            self._samples.append((observation.parameters, losses[0] if losses else None))

    def propose(self, number: int, pending: Sequence[PendingTrial], rng: random.Random) -> dict[str, Any]:
        """What the optimizer asks for next."""
        del number
        if not self.varied:
            return self.space.sample(rng)
        replay = self._replay if self._replay is not None and not pending else Replay(self)
        self._replay = None if pending else replay
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            replay.tell(self._samples)
            for _ in pending:
                replay.ask()
            return dict(replay.asked_point() if not pending else replay.ask())


class Replay:
    """An optimizer that was asked for and told the trials of a history, one after the other."""

    def __init__(self, search: NevergradSearch) -> None:
        self._search, self._told = search, 0
        self._asked: tuple[Any, Point] | None = None
        problem = search.problem
        rng = trial_random(problem.seed, 0, "nevergrad's first point")
        # Otherwise every study would begin in the middle of the space, and some optimizers go on without any chance.
        self._parameters = ng.p.Dict(
            **{
                str(place): ng.p.Scalar(init=rng.uniform(0.2, 0.8), lower=0.0, upper=1.0)
                if parameter.dimension.is_ordered
                else ng.p.Choice(list(range(parameter.dimension.levels or 1)))
                for place, parameter in enumerate(search.varied)
            }
        )
        self._parameters.random_state = np.random.RandomState(
            trial_seed(problem.seed, 0, "nevergrad") % 2**32
        )
        self._optimizer = ng.optimizers.registry[search.options.method](
            self._parameters, budget=problem.trials or BUDGET, num_workers=problem.parallel
        )
        self._worst: float | None = None

    def tell(self, samples: Sequence[tuple[Point, float | None]]) -> None:
        """Go on to the end of *samples*, which begin with those that are known already."""
        for point, loss in samples[self._told :]:
            self._told += 1
            asked = self.asked_point()
            assert self._asked is not None
            candidate, self._asked = self._asked[0], None
            if loss is not None:
                self._worst = loss if self._worst is None else max(self._worst, loss)
            told = self._worst if loss is None else loss
            if told is not None:
                self._tell(candidate if asked == point else self._candidate(point), told)

    def asked_point(self) -> Point:
        """The point that was asked for and not told yet; asks if there is none."""
        if self._asked is None:
            self.ask()
        assert self._asked is not None
        return self._asked[1]

    def ask(self) -> Point:
        """The next point, whatever became of the one before."""
        for _ in range(ASKS):
            candidate = self._next()
            self._asked = candidate, self._point(candidate.value)
            if self._search.space.satisfies(self._asked[1]):
                break
        assert self._asked is not None
        return self._asked[1]

    def _next(self) -> Any:
        try:
            return self._optimizer.ask()
        except TypeError:  # its MetaModel makes numbers of arrays in a way that numpy 2.4 has given up
            search = self._search
            rng = trial_random(search.problem.seed, self._told, "instead of nevergrad")
            return self._candidate(search.space.sample(rng))

    def _tell(self, candidate: Any, loss: float) -> None:
        try:
            self._optimizer.tell(candidate, loss)
        except TellNotAskedNotSupportedError:
            return  # it follows its own points only

    def _point(self, values: Mapping[str, Any]) -> Point:
        position = {}
        for place, parameter in enumerate(self._search.varied):
            value, levels = values[str(place)], parameter.dimension.levels or 1
            position[parameter.name] = (
                min(max(float(value), 0.0), 1.0) if parameter.dimension.is_ordered else (value + 0.5) / levels
            )
        space = self._search.space
        return space.from_unit([position.get(parameter.name, 0.5) for parameter in space.parents_first])

    def _candidate(self, point: Point) -> Any:
        values: dict[str, float | int] = {}
        for place, parameter in enumerate(self._search.varied):
            levels = parameter.dimension.levels or 1
            inside = parameter.name in point
            position = parameter.dimension.to_unit(point[parameter.name]) if inside else 0.5
            is_position = parameter.dimension.is_ordered
            values[str(place)] = position if is_position else min(int(position * levels), levels - 1)
        return self._parameters.spawn_child(new_value=values)
