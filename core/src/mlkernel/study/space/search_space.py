"""The search space: named dimensions, some of them conditional, and constraints over them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import attrs
from attrs import frozen

from mlkernel.config.problems import Problem, did_you_mean, raise_problems
from mlkernel.errors import ConfigError
from mlkernel.study.space.condition import Condition
from mlkernel.study.space.constraint import Constraint
from mlkernel.study.space.dimension import Dimension, as_tuple
from mlkernel.study.space.grid import cardinality, every_point, grid_points
from mlkernel.study.space.unit_cube import from_unit, to_unit

NAME = re.compile(r"[\w./:-]+")
ATTEMPTS = 10_000
"""Draws before constraints are believed to leave no point."""


@frozen(kw_only=True)
class Parameter:
    """A named dimension."""

    name: str
    """Path of an option, such as ``trainer.lr``, or an argument of a function."""
    dimension: Dimension
    conditions: tuple[Condition, ...] = attrs.field(default=(), converter=as_tuple)
    """It is active while all of them hold."""

    def is_active(self, parameters: Mapping[str, Any]) -> bool:
        """Whether it matters beside these values of the parameters that its conditions name."""
        return all(condition.holds(parameters) for condition in self.conditions)


@frozen(kw_only=True)
class SearchSpace:
    """All points that a study may try. A point maps the names of its active parameters to values."""

    parameters: tuple[Parameter, ...] = attrs.field(converter=as_tuple)
    constraints: tuple[Constraint, ...] = attrs.field(default=(), converter=as_tuple)

    def __attrs_post_init__(self) -> None:
        """Refuse names, conditions and constraints that lead nowhere.

        :raises ConfigError: lists all of them.
        """
        problems = [*self._name_problems(), *self._condition_problems(), *self._constraint_problems()]
        raise_problems(problems)
        raise_problems(self._cycle_problems())

    def _name_problems(self) -> list[Problem]:
        names = [parameter.name for parameter in self.parameters]
        problems = [
            Problem(path=name, message="no name of a parameter; use letters, digits and . _ - / :")
            for name in names
            if not NAME.fullmatch(name)
        ]
        repeated = {name for name in names if names.count(name) > 1}
        return problems + [Problem(path=name, message="given more than once") for name in sorted(repeated)]

    def _condition_problems(self) -> list[Problem]:
        problems = []
        for parameter in self.parameters:
            for condition in parameter.conditions:
                parent = self.by_name.get(condition.parent)
                if parent is None:
                    problems.append(
                        self._unknown(parameter.name, f"its condition names {condition.parent!r}")
                    )
                    continue
                for value in condition.values:
                    if not parent.dimension.contains(value):
                        message = (
                            f"its condition asks for {condition.parent} = {value!r}, which is no value of it"
                        )
                        problems.append(Problem(path=parameter.name, message=message))
        return problems

    def _constraint_problems(self) -> list[Problem]:
        return [
            self._unknown("constraints", f"{constraint.text!r} names {name!r}")
            for constraint in self.constraints
            for name in constraint.parameters
            if name not in self.by_name
        ]

    def _unknown(self, path: str, what: str) -> Problem:
        named = what.rpartition(" ")[2].strip("'")
        return Problem(
            path=path,
            message=f"{what}, which is no parameter of the space",
            suggestion=did_you_mean(named, self.by_name),
        )

    def _cycle_problems(self) -> list[Problem]:
        ordered = {parameter.name for parameter in self.parents_first}
        return [
            Problem(path=parameter.name, message="its conditions lead back to itself")
            for parameter in self.parameters
            if parameter.name not in ordered
        ]

    @cached_property
    def by_name(self) -> dict[str, Parameter]:
        """The parameters by their names."""
        return {parameter.name: parameter for parameter in self.parameters}

    @cached_property
    def parents_first(self) -> tuple[Parameter, ...]:
        """The parameters, each after those that its conditions name."""
        ordered: dict[str, Parameter] = {}
        waiting = list(self.parameters)
        while waiting:
            ready = [p for p in waiting if all(condition.parent in ordered for condition in p.conditions)]
            if not ready:
                break
            ordered |= {parameter.name: parameter for parameter in ready}
            waiting = [parameter for parameter in waiting if parameter.name not in ordered]
        return tuple(ordered.values())

    @cached_property
    def is_conditional(self) -> bool:
        """Whether some parameter is not always active."""
        return any(parameter.conditions for parameter in self.parameters)

    def sample(self, rng: random.Random, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Draw a point that satisfies all constraints.

        :param given: values that are not drawn; those of parameters that turn out inactive are left out.
        :raises ConfigError: none was found; names the constraints.
        """
        for _ in range(ATTEMPTS):
            point = self.completed(given or {}, rng)
            if self.satisfies(point):
                return point
        raise self.impossible()

    def completed(self, given: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
        """*given* with values drawn for what it lacks and without what is not active; constraints are not looked at."""
        point: dict[str, Any] = {}
        for parameter in self.parents_first:
            if parameter.is_active(point):
                name = parameter.name
                point[name] = given[name] if name in given else parameter.dimension.sample(rng)
        return point

    @cached_property
    def cardinality(self) -> int | None:
        """How many points there are.

        ``None`` when they cannot be counted, or are more than 100,000 and constraints would have to be asked about
        each.
        """
        return cardinality(self)

    def every_point(self) -> Iterator[dict[str, Any]]:
        """Yield each point of a space whose points can be counted."""
        return every_point(self)

    def grid(self, bins: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield each point of the grid once; the last parameter changes fastest.

        :param bins: how many values to take of parameters that cannot be counted and have no ``bins`` of their own.
        :raises ConfigError: names all parameters that have neither.
        """
        return grid_points(self, bins)

    def from_unit(self, position: Sequence[float]) -> dict[str, Any]:
        """The point at *position* of the unit cube, without inactive parameters; constraints are not looked at.

        :param position: for each parameter, in the order of :attr:`parents_first`, a number in [0, 1].
        """
        return from_unit(self, position)

    def to_unit(self, point: Mapping[str, Any], inactive: Sequence[float] = ()) -> list[float]:
        """The coordinates of *point* in the unit cube, in the order of :attr:`parents_first`.

        :param point: in the space.
        :param inactive: for each parameter, the coordinate that it gets if it is inactive; 0.5 when empty.
        """
        return to_unit(self, point, inactive)

    def impossible(self) -> ConfigError:
        """The error to raise when no point was found that satisfies all constraints."""
        texts = "; ".join(constraint.text for constraint in self.constraints)
        return ConfigError(
            f"none of {ATTEMPTS} points satisfies the constraints: {texts}", hint="Narrow the bounds instead."
        )

    def satisfies(self, point: Mapping[str, Any]) -> bool:
        """Whether *point* satisfies all constraints."""
        return all(constraint.holds(point) for constraint in self.constraints)

    def contains(self, point: Mapping[str, Any]) -> bool:
        """Whether *point* has a value for each active parameter, for no other, and satisfies all constraints."""
        return not self.problems_of(point)

    def problems_of(self, point: Mapping[str, Any]) -> list[Problem]:
        """Why *point* is not in the space; empty when it is."""
        problems = [
            Problem(
                path=name, message="no parameter of the space", suggestion=did_you_mean(name, self.by_name)
            )
            for name in point
            if name not in self.by_name
        ]
        for parameter in self.parents_first:
            problems += _value_problems(parameter, point)
        if not problems:
            problems += [
                Problem(path="constraints", message=f"{constraint.text!r} does not hold")
                for constraint in self.constraints
                if not constraint.holds(point)
            ]
        return problems


def _value_problems(parameter: Parameter, point: Mapping[str, Any]) -> list[Problem]:
    name = parameter.name
    if not parameter.is_active(point):
        return [Problem(path=name, message="given, but not active")] if name in point else []
    if name not in point:
        return [Problem(path=name, message="no value given")]
    if parameter.dimension.contains(point[name]):
        return []
    return [Problem(path=name, message=f"{point[name]!r} is no value of its {parameter.dimension.method}")]
