"""The result over two parameters, as a surface through the trials."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkernel.study.report.picture import (
    Picture,
    Variant,
    axis_layout,
    axis_value,
    colour_scale,
    number,
    numbers,
)
from mlkernel.study.statistics.parameter_axis import ParameterAxis
from mlkernel.study.statistics.study_results import StudyResults
from mlkernel.study.store.records import TrialRecord

MOST_PARAMETERS = 5
CELLS = 30
"""Of the surface, along each axis."""
FEWEST = 6
"""With fewer trials there is no surface."""
NEIGHBOURS = 40
SMOOTHING = 0.3
"""Of the thin plate: what other parameters do looks like noise here and is not to be followed."""
MOST_POINTS = 500

Array = NDArray[np.float64]


def draw_contours(results: StudyResults, axes: Sequence[ParameterAxis]) -> Picture:
    """One view for each objective and pair of numeric parameters.

    :param axes: of the parameters, the most important first.
    """
    numeric = [axis for axis in axes if axis.varies and axis.scale != "category"][:MOST_PARAMETERS]
    variants = []
    for place, objective in enumerate(results.objectives):
        for across, up in combinations(numeric, 2):
            view = _surface(results, across, up, place)
            if view is not None:
                prefix = f"{objective.metric}: " if len(results.objectives) > 1 else ""
                variants.append(Variant(label=f"{prefix}{across.name} and {up.name}", **view))
    caption = (
        "A smooth surface through the results over two numeric parameters, darker for better; what the others do"
        f" is averaged. Dots are trials, at most the {MOST_POINTS} best."
    )
    return Picture(
        key="contours",
        title="Contours",
        caption=caption
        if variants
        else f"Needs two numeric parameters that vary, and {FEWEST} trials with both.",
        variants=variants,
        height=520,
    )


def _surface(
    results: StudyResults, across: ParameterAxis, up: ParameterAxis, objective: int
) -> dict[str, Any] | None:
    trials = [
        trial
        for trial in results.comparable
        if across.has(trial.parameters) and up.has(trial.parameters) and trial.values
    ]
    places = np.array([[_unit(axis, trial) for axis in (across, up)] for trial in trials])
    if len(trials) < FEWEST or np.linalg.matrix_rank(places - places.mean(axis=0), tol=1e-6) < 2:
        return None
    values = np.array([trial.values[objective] for trial in trials if trial.values])
    target = results.objectives[objective]
    scale = colour_scale(values.tolist(), target)
    heights = _smooth(places, np.clip(values, scale["cmin"], scale["cmax"]))
    colouring = {name: scale[name] for name in ("colorscale", "reversescale")}
    grid = np.linspace(0.0, 1.0, CELLS)
    contour = {
        "type": "contour",
        "x": [_value(across, position) for position in grid],
        "y": [_value(up, position) for position in grid],
        "z": [numbers(row) for row in heights.tolist()],
        "zmin": scale["cmin"],
        "zmax": scale["cmax"],
        "ncontours": 16,
        "line": {"width": 0.5},
        "contours": {"coloring": "heatmap"},
        "colorbar": {"title": {"text": ""}},
        "hovertemplate": "%{x}, %{y}: about %{z}<extra></extra>",
        **colouring,
    }
    best = sorted(trials, key=lambda trial: results.losses(trial)[objective])[:MOST_POINTS]
    layout = {"xaxis": axis_layout(across), "yaxis": axis_layout(up), "showlegend": False}
    return {"traces": [contour, _dots(best, across, up, objective)], "layout": layout}


def _smooth(places: Array, values: Array) -> Array:
    """Values at the cells of the unit square, of shape (up, across), by local linear radial basis functions."""
    from scipy.interpolate import RBFInterpolator

    grid = np.linspace(0.0, 1.0, CELLS)
    cells = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    neighbours = min(NEIGHBOURS, len(places))
    surface = RBFInterpolator(
        places, values, neighbors=neighbours, kernel="linear", smoothing=SMOOTHING, degree=0
    )
    heights: Array = surface(cells).reshape(CELLS, CELLS)
    return heights


def _dots(
    trials: Sequence[TrialRecord], across: ParameterAxis, up: ParameterAxis, objective: int
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [axis_value(across, trial.parameters[across.name]) for trial in trials],
        "y": [axis_value(up, trial.parameters[up.name]) for trial in trials],
        "customdata": [[trial.number, number((trial.values or ())[objective])] for trial in trials],
        "hovertemplate": "trial %{customdata[0]}: %{customdata[1]}<extra></extra>",
        "marker": {
            "color": "#ffffff",
            "size": 5,
            "opacity": 0.75,
            "line": {"width": 0.8, "color": "#333333"},
        },
    }


def _unit(axis: ParameterAxis, trial: TrialRecord) -> float:
    low, high = axis.ends
    return (axis.place(trial.parameters[axis.name]) - low) / (high - low)


def _value(axis: ParameterAxis, position: float) -> float | None:
    low, high = axis.ends
    place = low + position * (high - low)
    return number(10.0**place if axis.scale == "log" else place)
