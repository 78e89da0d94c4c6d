"""One parameter as an axis: where its values lie, on which scale, and how the axis is labelled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from mlkernel.study.space.dimension import is_number, value_key

if TYPE_CHECKING:
    from mlkernel.study.space.search_space import Parameter
    from mlkernel.study.statistics.study_results import StudyResults

Scale = Literal["linear", "log", "category"]
FEW_LEVELS = 10
"""Up to so many different numbers are shown as such, each for itself."""
WIDE_RATIO = 1000.0
"""Positive numbers that nobody declared are put on a logarithmic scale from this ratio of largest to smallest on."""


@frozen(kw_only=True)
class ParameterAxis:
    """The values of one parameter."""

    name: str
    scale: Scale
    low: float = 0.0
    high: float = 1.0
    """Ends of the axis in the parameter's own unit; for categories, places of the first and the last."""
    categories: tuple[str, ...] = ()
    """Texts of the values, in their order."""
    levels: tuple[float, ...] | None = None
    """The values that occur, where they are numbers and few."""

    def place(self, value: Any) -> float:
        """Where *value* lies, linear on the axis: the number, its decimal logarithm, or the place of the category."""
        if self.scale == "category":
            return float(self.categories.index(label(value)))
        return math.log10(value) if self.scale == "log" else float(value)

    @property
    def ends(self) -> tuple[float, float]:
        """Places of both ends."""
        if self.scale == "log":
            return math.log10(self.low), math.log10(self.high)
        return self.low, self.high

    @property
    def varies(self) -> bool:
        """Whether there is more than one value."""
        return self.low < self.high

    def has(self, point: Mapping[str, Any]) -> bool:
        """Whether *point* has a value that lies on the axis; inactive parameters have none."""
        return self.name in point and _fits(self.scale, point[self.name])


def parameter_axes(results: StudyResults) -> dict[str, ParameterAxis]:
    """The axes of all parameters by their names, in the order of the space."""
    known = results.space.by_name if results.space else {}
    axes = {}
    for name in results.parameters:
        tried = [trial.parameters[name] for trial in results.trials if name in trial.parameters]
        if tried:
            axes[name] = make_axis(name, tried, known.get(name))
    return axes


def make_axis(name: str, tried: Sequence[Any], parameter: Parameter | None = None) -> ParameterAxis:
    """The axis of one parameter.

    :param tried: one or more values that must lie on it.
    :param parameter: as the space has it now, if it does.
    """
    declared = _declared(parameter)
    if not all(map(is_number, tried)) or (
        parameter and parameter.dimension.method in ("categorical", "ordinal")
    ):
        return _categorical(name, [*declared, *tried])
    low = min([*tried, *declared])
    high = max([*tried, *declared])
    method = parameter.dimension.method if parameter else ""
    is_log = low > 0 and ("log" in method or (not method and high / low >= WIDE_RATIO))
    levels = sorted(set(map(float, tried)))
    return ParameterAxis(
        name=name,
        scale="log" if is_log else "linear",
        low=float(low),
        high=float(high),
        levels=tuple(levels) if len(levels) <= FEW_LEVELS else None,
    )


def label(value: Any) -> str:
    """A value as it is shown."""
    return value if isinstance(value, str) else f"{value:.6g}" if type(value) is float else value_key(value)


def _categorical(name: str, values: Sequence[Any]) -> ParameterAxis:
    texts = dict.fromkeys(map(label, values))
    if all(map(is_number, values)):
        texts = dict.fromkeys(label(value) for value in sorted(values))
    return ParameterAxis(
        name=name, scale="category", low=0.0, high=float(len(texts) - 1), categories=tuple(texts)
    )


def _declared(parameter: Parameter | None) -> list[Any]:
    """Values that belong on the axis even if nobody tried them: bounds, and categories."""
    if parameter is None:
        return []
    dimension = parameter.dimension
    if dimension.method in ("categorical", "ordinal"):
        return dimension.grid()
    bounds = (getattr(dimension, "low", None), getattr(dimension, "high", None))
    return [bound for bound in bounds if bound is not None]


def _fits(scale: Scale, value: Any) -> bool:
    return scale == "category" or (is_number(value) and (scale == "linear" or value > 0))
