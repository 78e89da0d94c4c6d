"""The result over each parameter by itself."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from mlkernel.study.report.picture import (
    Picture,
    Trace,
    Variant,
    axis_layout,
    axis_value,
    number,
    outliers_told,
    text,
    visible_range,
)
from mlkernel.study.statistics.parameter_axis import ParameterAxis
from mlkernel.study.statistics.study_results import StudyResults
from mlkernel.study.store.records import TrialRecord

COLUMNS = 3
MOST_SLICES = 12
PANEL_HEIGHT = 260
MANY_TRIALS = 1000
"""From here on points are drawn by the graphics processor, where thousands stay smooth."""
JITTER = 0.3
"""Where many trials share a value, they are spread by so much of the distance to the next, to both sides."""
ENOUGH_TO_SPREAD = 20


def draw_slices(results: StudyResults, axes: Sequence[ParameterAxis]) -> Picture:
    """One view for each objective, in each a panel for every parameter.

    :param axes: of the parameters, the most important first.
    """
    drawn = [axis for axis in axes if axis.varies][:MOST_SLICES]
    rows = -(-len(drawn) // COLUMNS)
    variants, ranges = [], []
    for place, objective in enumerate(results.objectives):
        values = [trial.values[place] for trial in results.comparable if trial.values]
        shown = visible_range(values, objective)
        ranges.append(shown)
        variants.append(
            Variant(label=objective.metric, **_panels(results, drawn, place, shown, text(objective.metric)))
        )
    caption = "The result over each parameter; later trials are darker." + outliers_told(ranges)
    is_drawn = bool(drawn and results.comparable)
    return Picture(
        key="slices",
        title="Slices",
        caption=caption if is_drawn else "There is no parameter with more than one value.",
        variants=variants if is_drawn else (),
        height=60 + PANEL_HEIGHT * rows,
    )


def _panels(
    results: StudyResults,
    axes: Sequence[ParameterAxis],
    objective: int,
    shown: list[float] | None,
    metric: str,
) -> dict[str, Any]:
    rows = -(-len(axes) // COLUMNS)
    columns = min(COLUMNS, len(axes))
    layout: dict[str, Any] = {
        "grid": {"rows": rows, "columns": columns, "pattern": "independent", "ygap": 0.42, "xgap": 0.16},
        "showlegend": False,
    }
    traces = []
    for place, axis in enumerate(axes):
        suffix = str(place + 1) if place else ""
        layout[f"xaxis{suffix}"] = axis_layout(axis)
        title = {"title": {"text": metric}} if place % columns == 0 else {}
        matching = {"matches": "y"} if place else {}
        layout[f"yaxis{suffix}"] = {**title, **matching, "range": shown}
        traces.append(_points(results, axis, objective, suffix))
    return {"traces": traces, "layout": layout}


def _points(results: StudyResults, axis: ParameterAxis, objective: int, suffix: str) -> Trace:
    trials = [trial for trial in results.comparable if axis.has(trial.parameters)]
    return {
        "type": "scattergl" if len(trials) >= MANY_TRIALS else "scatter",
        "mode": "markers",
        "x": _across(axis, trials),
        "y": [number(trial.values[objective]) for trial in trials if trial.values],
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "customdata": [trial.number for trial in trials],
        "hovertemplate": "trial %{customdata}: %{y}<extra></extra>",
        "marker": {
            "color": [trial.number for trial in trials],
            "colorscale": "Blues",
            "cmin": -0.5 * len(results.trials),
            "cmax": len(results.trials),
            "size": 6 if len(trials) < MANY_TRIALS else 4,
            "opacity": 0.8,
        },
    }


def _across(axis: ParameterAxis, trials: Sequence[TrialRecord]) -> list[float]:
    values = [axis_value(axis, trial.parameters[axis.name]) for trial in trials]
    spread = JITTER * _distance(axis)
    if not spread or len(trials) < ENOUGH_TO_SPREAD:
        return values
    rng = random.Random(0)  # noqa: S311 - no secret
    return [float(f"{value + rng.uniform(-spread, spread):.4g}") for value in values]


def _distance(axis: ParameterAxis) -> float:
    """Between neighbours, where the values are few and lie far apart; 0 elsewhere."""
    if axis.scale == "category":
        return 1.0
    if axis.scale == "log" or axis.levels is None or len(axis.levels) < 2:
        return 0.0
    return min(b - a for a, b in pairwise(axis.levels))
