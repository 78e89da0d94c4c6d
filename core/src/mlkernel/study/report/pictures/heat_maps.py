"""The mean result over cells of two to four parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise, product
from typing import Any

from attrs import frozen

from mlkernel.study.report.picture import Picture, Trace, Variant, colour_scale, number, text
from mlkernel.study.statistics.parameter_axis import ParameterAxis
from mlkernel.study.statistics.study_results import StudyResults
from mlkernel.study.store.records import TrialRecord

MOST_PARAMETERS = 4
BINS = 8
"""Cells along an axis whose values are numbers and many."""
FACET_BINS = 3
"""Parts into which a parameter beyond the second divides the picture."""
MOST_FACETS = 5
"""Categories beyond these are left out of the division."""


@frozen(kw_only=True)
class Bins:
    """A parameter in cells."""

    axis: ParameterAxis
    labels: tuple[str, ...]

    def of(self, trial: TrialRecord) -> int | None:
        """The cell of a trial; ``None`` if it does not have the parameter."""
        if not self.axis.has(trial.parameters):
            return None
        value = trial.parameters[self.axis.name]
        if self.axis.scale == "category":
            return int(self.axis.place(value))
        if self.axis.levels is not None and len(self.axis.levels) == len(self.labels):
            return self.axis.levels.index(float(value))
        low, high = self.axis.ends
        share = (self.axis.place(value) - low) / (high - low)
        return min(int(share * len(self.labels)), len(self.labels) - 1)


def draw_heat_maps(results: StudyResults, axes: Sequence[ParameterAxis]) -> Picture:
    """One view for each objective and pair of parameters; a third and a fourth divide it.

    :param axes: of the parameters, the most important first.
    """
    varying = [axis for axis in axes if axis.varies]
    drawn = varying[:MOST_PARAMETERS]
    variants = []
    for place, objective in enumerate(results.objectives):
        for pair in combinations(drawn, 2):
            dividing = [axis for axis in drawn if axis not in pair] if len(varying) <= MOST_PARAMETERS else []
            prefix = f"{objective.metric}: " if len(results.objectives) > 1 else ""
            name = f"{prefix}{pair[0].name} and {pair[1].name}"
            variants.append(Variant(label=name, **_view(results, pair, dividing, place)))
    caption = "Mean result of the trials in each cell, darker for better; empty cells were not tried."
    if len(varying) > MOST_PARAMETERS:
        caption += f" The {MOST_PARAMETERS} most important parameters are shown, averaged over all others."
    is_drawn = bool(variants and results.comparable)
    return Picture(
        key="heat-maps",
        title="Heat maps",
        caption=caption if is_drawn else "Needs two parameters that vary.",
        variants=variants if is_drawn else (),
        height=460 if len(drawn) <= 2 or len(varying) > MOST_PARAMETERS else 340 + 200 * (len(drawn) - 2),
    )


def _view(
    results: StudyResults,
    pair: tuple[ParameterAxis, ParameterAxis],
    dividing: Sequence[ParameterAxis],
    place: int,
) -> dict[str, Any]:
    across, up = (_bins(axis, BINS) for axis in pair)
    facets = [_bins(axis, FACET_BINS) for axis in dividing]
    sums = _sums(results, [across, up, *facets], place)
    means = [total / count for total, count, _ in sums.values()]
    scale = colour_scale(means, results.objectives[place]) if means else {}
    colours = {"coloraxis": {**scale, "colorbar": {"title": {"text": ""}}}}
    columns = len(facets[0].labels[:MOST_FACETS]) if facets else 1
    rows = len(facets[1].labels[:MOST_FACETS]) if len(facets) > 1 else 1
    layout: dict[str, Any] = {
        **colours,
        "grid": {"rows": rows, "columns": columns, "pattern": "independent", "xgap": 0.1, "ygap": 0.28},
        "annotations": [],
    }
    traces = []
    for panel, (row, column) in enumerate(product(range(rows), range(columns))):
        suffix = str(panel + 1) if panel else ""
        chosen = [column, row][: len(facets)]
        traces.append(_cells(across, up, sums, chosen, suffix))
        layout |= _panel_axes(across, up, suffix, is_left=column == 0, is_low=row == rows - 1)
        layout["annotations"] += _heading(facets, chosen, suffix)
    return {"traces": traces, "layout": layout}


Key = tuple[int, ...]


def _sums(results: StudyResults, bins: Sequence[Bins], objective: int) -> dict[Key, tuple[float, int, int]]:
    """Sum of the values, their number and the number of the best trial, for each cell that holds a trial."""
    sums: dict[Key, tuple[float, int, int]] = {}
    for trial in results.best(len(results.comparable), objective):
        key = tuple(cell for cell in (one.of(trial) for one in bins) if cell is not None)
        if len(key) == len(bins) and trial.values:
            total, count, best = sums.get(key, (0.0, 0, trial.number))
            sums[key] = total + trial.values[objective], count + 1, best
    return sums


def _cells(
    across: Bins, up: Bins, sums: dict[Key, tuple[float, int, int]], chosen: Sequence[int], suffix: str
) -> Trace:
    def row(height: int) -> Iterator[tuple[float, int, int]]:
        for width in range(len(across.labels)):
            yield sums.get((width, height, *chosen), (math.nan, 0, -1))

    table = [list(row(height)) for height in range(len(up.labels))]
    return {
        "type": "heatmap",
        "x": list(range(len(across.labels))),
        "y": list(range(len(up.labels))),
        "z": [[number(total / count) if count else None for total, count, _ in line] for line in table],
        "customdata": [[[count, best] for _, count, best in line] for line in table],
        "hovertemplate": "mean %{z} of %{customdata[0]}, best: trial %{customdata[1]}<extra></extra>",
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "coloraxis": "coloraxis",
        "xgap": 1,
        "ygap": 1,
    }


def _panel_axes(across: Bins, up: Bins, suffix: str, *, is_left: bool, is_low: bool) -> dict[str, Any]:
    def axis(bins: Bins, *, shown: bool) -> dict[str, Any]:
        return {
            "tickvals": list(range(len(bins.labels))),
            "ticktext": list(bins.labels),
            "showticklabels": shown,
            "showgrid": False,
            "zeroline": False,
            "title": {"text": text(bins.axis.name) if shown else "", "standoff": 8},
        }

    return {f"xaxis{suffix}": axis(across, shown=is_low), f"yaxis{suffix}": axis(up, shown=is_left)}


def _heading(facets: Sequence[Bins], chosen: Sequence[int], suffix: str) -> list[dict[str, Any]]:
    if not facets:
        return []
    words = [
        f"{text(bins.axis.name)}: {bins.labels[cell]}" for bins, cell in zip(facets, chosen, strict=True)
    ]
    where = {"xref": f"x{suffix} domain", "yref": f"y{suffix} domain", "x": 0.5, "y": 1.0}
    font = {"font": {"size": 11}}
    return [{**where, **font, "yanchor": "bottom", "showarrow": False, "text": ", ".join(words)}]


def _bins(axis: ParameterAxis, count: int) -> Bins:
    if axis.scale == "category":
        return Bins(axis=axis, labels=tuple(text(category) for category in axis.categories))
    if axis.levels is not None and len(axis.levels) <= max(count, MOST_FACETS):
        return Bins(axis=axis, labels=tuple(f"{level:.4g}" for level in axis.levels))
    low, high = axis.ends
    edges = [low + (high - low) * cell / count for cell in range(count + 1)]
    shown = [f"{10**edge if axis.scale == 'log' else edge:.2g}" for edge in edges]
    return Bins(axis=axis, labels=tuple(f"{a}–{b}" for a, b in pairwise(shown)))  # noqa: RUF001
