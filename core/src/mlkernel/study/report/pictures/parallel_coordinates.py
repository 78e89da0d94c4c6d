"""Every trial as a line through its parameters to its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlkernel.study.report.picture import Picture, Variant, number, numbers, text, visible_range
from mlkernel.study.search_problem import Objective
from mlkernel.study.statistics.parameter_axis import ParameterAxis
from mlkernel.study.statistics.study_results import StudyResults
from mlkernel.study.store.records import TrialRecord

MOST_AXES = 12
"""More do not fit beside each other."""
INACTIVE = "inactive"
BELOW = 0.12
"""How far below its axis, in lengths of the axis, a parameter lies that a trial does not have."""

TICK_FORMAT = ".4~g"
"""Plotly's own powers of ten are markup, which this one of its pictures does not understand."""
LETTER = 6
"""Width of a letter beside an axis, in pixels."""


def draw_parallel_coordinates(results: StudyResults, axes: Sequence[ParameterAxis]) -> Picture:
    """One view for each objective.

    :param axes: of the parameters, the most important first.
    """
    drawn = [axis for axis in axes if axis.varies][:MOST_AXES]
    trials = results.valued
    caption = "Each line is a trial, darker for better results. Drag along an axis to select, drag its name to move it."
    if len(drawn) < len([axis for axis in axes if axis.varies]):
        caption += f" The {len(drawn)} most important parameters are shown."
    variants = [
        _view(results, drawn, trials, place) for place in range(len(results.objectives)) if drawn and trials
    ]
    return Picture(
        key="parallel-coordinates",
        title="Parallel coordinates",
        caption=caption if variants else "There is no parameter with more than one value.",
        variants=variants,
        height=480,
    )


def _view(
    results: StudyResults, axes: Sequence[ParameterAxis], trials: Sequence[TrialRecord], chosen: int
) -> Variant:
    columns = [
        [trial.values[place] for trial in trials if trial.values] for place in range(len(results.objectives))
    ]
    dimensions = [_parameter(axis, trials) for axis in axes]
    columns = [_within_sight(column, one) for column, one in zip(columns, results.objectives, strict=True)]
    for objective, column in zip(results.objectives, columns, strict=True):
        dimensions.append(
            {"label": text(objective.metric), "values": numbers(column), "tickformat": TICK_FORMAT}
        )
    objective = results.objectives[chosen]
    sign = 1.0 if objective.mode == "max" else -1.0
    # Lines of larger colours lie on top: the better ones shall.
    line = {
        "color": numbers(sign * value for value in columns[chosen]),
        "colorscale": "Viridis",
        "reversescale": True,
    }
    return Variant(
        label=objective.metric,
        traces=[{"type": "parcoords", "line": line, "dimensions": dimensions}],
        layout={"margin": {"t": 60, "l": _left(axes[0]), "r": 60}},
    )


def _left(axis: ParameterAxis) -> int:
    """Room for what is written left of the first axis."""
    return max([80, *(LETTER * len(tick) for tick in _ticks(axis).values())])


def _within_sight(values: Sequence[float], objective: Objective) -> list[float]:
    """*values*, the worst of them moved to where the others end, lest these lie all in one place."""
    low, high = visible_range(values, objective) or (min(values), max(values))
    return [min(max(value, low), high) for value in values]


def _parameter(axis: ParameterAxis, trials: Sequence[TrialRecord]) -> dict[str, Any]:
    low, high = axis.ends
    missing = low - BELOW * (high - low)
    present = [axis.has(trial.parameters) for trial in trials]
    values = [
        axis.place(trial.parameters[axis.name]) if there else missing
        for trial, there in zip(trials, present, strict=True)
    ]
    ticks = _ticks(axis)
    if not all(present):
        ticks = {missing: INACTIVE, **ticks}
        low = missing
    dimension: dict[str, Any] = {
        "label": text(axis.name),
        "values": numbers(values),
        "range": [number(low), number(high)],
        "tickformat": TICK_FORMAT,
    }
    if ticks and (axis.scale != "linear" or not all(present)):
        dimension |= {"tickvals": numbers(ticks), "ticktext": list(ticks.values())}
    return dimension


def _ticks(axis: ParameterAxis) -> dict[float, str]:
    low, high = axis.ends
    if axis.scale == "category":
        return {float(place): text(category) for place, category in enumerate(axis.categories)}
    if axis.scale == "linear":
        return {
            low + share * (high - low): f"{low + share * (high - low):.4g}"
            for share in (0, 0.25, 0.5, 0.75, 1)
        }
    inner = [float(power) for power in range(int(low) - 1, int(high) + 2) if low < power < high]
    stride = max(1, len(inner) // 6)
    places = [low, *(place for place in inner[::stride] if min(place - low, high - place) > 0.25), high]
    return {place: f"{10**place:.3g}" for place in places}
