"""What a search algorithm is given: the space, the objectives, the seed, and what is known of the effort."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs
from attrs import frozen

from mlkernel.config.problems import Problem, raise_problems
from mlkernel.study.history import Observation
from mlkernel.study.space.dimension import as_tuple

if TYPE_CHECKING:
    # Who needs only objectives, as commands do that tell of a study, does not wait for all kinds of dimensions.
    from mlkernel.study.space.search_space import SearchSpace  # noqa: TC004


@frozen(kw_only=True)
class Objective:
    """A metric that is to become as small, or as large, as possible."""

    metric: str
    """Its name."""
    mode: Literal["min", "max"] = attrs.field(default="min", validator=attrs.validators.in_(("min", "max")))
    """Which values are better."""


@frozen(kw_only=True)
class SearchProblem:
    """Everything that proposals depend on, but for the trials."""

    space: SearchSpace
    objectives: tuple[Objective, ...] = attrs.field(
        default=(Objective(metric="loss"),), converter=as_tuple, validator=attrs.validators.min_len(1)
    )
    seed: int = 0
    """The study's; with a trial's number, it determines all randomness of the trial's proposal."""
    trials: int | None = None
    """How many trials there will be, if that is known."""
    parallel: int = 1
    """How many trials are under way at once."""
    max_step: float | None = None
    """The last step of a trial, if there is one; most trial schedulers need it."""
    points_to_evaluate: tuple[Mapping[str, Any], ...] = attrs.field(default=(), converter=as_tuple)
    """What trial 0, 1, ... is to try; parameters that a point leaves out are drawn."""

    def __attrs_post_init__(self) -> None:
        """Refuse points that are not in the space.

        :raises ConfigError: lists everything that is wrong with them.
        """
        problems = []
        for place, point in enumerate(self.points_to_evaluate):
            for name, value in point.items():
                parameter = self.space.by_name.get(name)
                if parameter is None or not parameter.dimension.contains(value):
                    what = (
                        "no parameter of the space" if parameter is None else f"{value!r} is no value of it"
                    )
                    problems.append(Problem(path=f"points_to_evaluate[{place}].{name}", message=what))
        raise_problems(problems)

    def losses(self, observation: Observation) -> tuple[float, ...] | None:
        """The values of *observation*, negated where more is better; ``None`` if it failed or one is not finite."""
        values = observation.values
        if values is None or not all(map(math.isfinite, values)):
            return None
        return tuple(
            [
                value if objective.mode == "min" else -value
                for value, objective in zip(values, self.objectives, strict=True)
            ]
        )
