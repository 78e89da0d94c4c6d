"""Coordinate search: a grid over one parameter at a time, the others at the best values so far."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, ClassVar, Self

from mlkernel import (
    Capabilities,
    ConfigError,
    Observation,
    Parameter,
    PendingTrial,
    SearchProblem,
    trial_random,
)
from mlkernel_search.configs import CoordinateConfig
from mlkernel_search.stepwise_search import StepwiseSearch, fingerprint

SWEEPS = 6
"""Times that each start is taken through all coordinates, each time on a finer grid."""
STARTS = 20
"""Further starts that are looked at in vain before a random point is proposed."""


class Walk:
    """Where the search stands: a line of points through a base, along one coordinate.

    :param known: loss of each point that was tried, by its fingerprint; ``None`` for those that failed.
    """

    def __init__(self, search: CoordinateSearch, known: dict[int, float | None]) -> None:
        self._search, self.known = search, known
        self._start, self._sweep, self._axis = 0, 0, 0
        self._base = search.start(0)
        self._line = self._points()

    def fork(self) -> Self:
        """A copy that can look ahead."""
        return copy(self)

    def missing(self, waiting: set[int]) -> dict[str, Any] | None:
        """The first point of the line that was not tried and is not among *waiting*."""
        unknown = (point for point in self._line if fingerprint(point) not in self.known)
        return next((point for point in unknown if fingerprint(point) not in waiting), None)

    def is_complete(self) -> bool:
        """Whether all points of the line were tried."""
        return all(fingerprint(point) in self.known for point in self._line)

    def advance(self) -> int:
        """Go on along the next coordinate from the best point of the line; returns how many starts there were."""
        self._base = min([self._base, *self._line], key=self._loss)
        self._axis += 1
        if self._axis >= len(self._search.axes):
            self._axis, self._sweep = 0, self._sweep + 1
        if self._sweep == SWEEPS:
            self._sweep, self._start = 0, self._start + 1
            self._base = self._search.start(self._start)
        self._line = self._points()
        return self._start

    def _loss(self, point: Mapping[str, Any]) -> float:
        loss = self.known.get(fingerprint(point))
        return float("inf") if loss is None else loss

    def _points(self) -> list[dict[str, Any]]:
        axes = self._search.axes
        points = list(self._search.line(self._base, axes[self._axis], self._sweep)) if axes else []
        return points or [self._base]


class CoordinateSearch(StepwiseSearch):
    """Goes through the coordinates on ever finer grids, then starts again from a random point."""

    capabilities: ClassVar[Capabilities] = Capabilities()
    may_repeat: ClassVar[bool] = True
    learns_everything: ClassVar[bool] = True

    def __init__(self, problem: SearchProblem, config: CoordinateConfig | None = None) -> None:
        super().__init__(problem, config)
        self._options = config or CoordinateConfig()
        _refuse(problem, self._options)
        named = [problem.space.by_name[name] for name in self._options.order]
        rest = [parameter for parameter in problem.space.parents_first if parameter not in named]
        self.axes = [parameter for parameter in (*named, *rest) if parameter.dimension.levels != 1]
        middle = {
            parameter.name: parameter.dimension.from_unit(0.5) for parameter in problem.space.parameters
        }
        self._values = {**middle, **self._options.defaults}

    def forget(self) -> None:
        """Go back to the first start."""
        self._walk = Walk(self, {})

    def learn(self, observation: Observation) -> None:
        """Note the loss of a point, and go on from lines that are complete."""
        losses = self.problem.losses(observation)
        if not self.space.contains(observation.parameters):
            return
        self._walk.known[fingerprint(observation.parameters)] = losses[0] if losses else None
        _walk_on(self._walk, STARTS)

    def propose(self, number: int, pending: Sequence[PendingTrial], rng: random.Random) -> dict[str, Any]:
        """The first missing point of the line; of lines further on, if all of them are under way."""
        del number
        waiting = {fingerprint(trial.parameters) for trial in pending}
        ahead, left = self._walk.fork(), STARTS * SWEEPS * max(len(self.axes), 1)
        while (found := ahead.missing(waiting)) is None and left:
            ahead.advance()
            left -= 1
        return found or self.space.sample(rng)

    def start(self, number: int) -> dict[str, Any]:
        """The point that the start *number* begins with: the defaults, later random ones."""
        rng = trial_random(self.problem.seed, number, "start of coordinates")
        given = self._values if number == 0 else {}
        point = self.space.completed(given, rng)
        return point if self.space.satisfies(point) else self.space.sample(rng)

    def line(self, base: Mapping[str, Any], axis: Parameter, sweep: int) -> Iterator[dict[str, Any]]:
        """Points through *base* along *axis*, if it is active there; none that violates a constraint."""
        if axis.name not in base:
            return
        rng = trial_random(self.problem.seed, 0, "rest of coordinates")
        for value in self._values_along(axis, base[axis.name], sweep):
            point = self.space.completed({**self._values, **base, axis.name: value}, rng)
            if self.space.satisfies(point):
                yield point

    def _values_along(self, axis: Parameter, value: Any, sweep: int) -> Iterator[Any]:
        dimension, bins = axis.dimension, self._options.bins
        own = getattr(dimension, "bins", None) or bins
        if not dimension.is_ordered or (dimension.levels or own + 1) <= own:
            yield from dimension.grid()
            return
        middle, width = (dimension.to_unit(value), 2.0**-sweep) if sweep else (0.5, 1.0)
        for place in dimension.grid_positions(own):
            yield dimension.from_unit(min(max(middle + (place - 0.5) * width, 0.0), 1.0))


def _walk_on(walk: Walk, starts: int) -> None:
    """Leave lines behind that are complete; not for ever where all points of a space were tried."""
    first: int | None = None
    while walk.is_complete():
        start = walk.advance()
        first = start if first is None else first
        if start - first >= starts:
            return


def _refuse(problem: SearchProblem, options: CoordinateConfig) -> None:
    by_name = problem.space.by_name
    faults = [
        f"order: {name!r} is no parameter of the space" for name in options.order if name not in by_name
    ]
    for name, value in options.defaults.items():
        if name not in by_name:
            faults.append(f"defaults: {name!r} is no parameter of the space")
        elif not by_name[name].dimension.contains(value):
            faults.append(f"defaults: {value!r} is no value of {name!r}")
    if faults:
        raise ConfigError(f"coordinate: {'; '.join(faults)}", hint=f"Parameters are: {', '.join(by_name)}.")
