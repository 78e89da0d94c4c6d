"""What the trials reported while they trained, with bands over their seeds."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from typing import Any

from mlkernel.study.report.picture import (
    GREY,
    PALETTE,
    Picture,
    Trace,
    Variant,
    number,
    numbers,
    outliers_told,
    text,
    visible_range,
)
from mlkernel.study.statistics.sample_summary import mean_interval
from mlkernel.study.statistics.study_results import StudyResults
from mlkernel.study.store.records import ReportRecord

HIGHLIGHTED = 6
"""Trials with a colour of their own: the best."""
MOST_OTHERS = 150
"""Grey lines; more of them are no longer told apart."""
MOST_STEPS = 200
"""Points of a curve."""

Step = tuple[float, list[float]]
"""A step and the values of the runs that reported there."""


def draw_learning_curves(results: StudyResults) -> Picture:
    """One view for each objective."""
    reporting = [trial.number for trial in results.trials if len(results.reports.get(trial.number, ())) > 1]
    others = reporting
    if len(reporting) > MOST_OTHERS:
        others = sorted(random.Random(0).sample(reporting, MOST_OTHERS))  # noqa: S311 - no secret
    variants, ranges = [], []
    for place, objective in enumerate(results.objectives):
        best = [trial.number for trial in results.best(HIGHLIGHTED, place) if trial.number in reporting]
        grey = [_steps(results.reports[number], place) for number in others if number not in best]
        coloured = {number: _steps(results.reports[number], place) for number in best}
        heights = [statistics.fmean(values) for curve in (*grey, *coloured.values()) for _, values in curve]
        shown = visible_range(heights, objective)
        ranges.append(shown)
        traces = [*_grey(grey), *_coloured(coloured)]
        layout = {
            "xaxis": {"title": {"text": "step"}},
            "yaxis": {"title": {"text": text(objective.metric)}, "range": shown},
        }
        variants.append(Variant(label=objective.metric, traces=traces, layout=layout))
    caption = (
        "What was reported while training: the best trials in colour, each the mean over its seeds, with the 95 %"
        " confidence interval of that mean where there are several; others in grey."
    )
    if len(others) < len(reporting):
        caption += f" Of {len(reporting)} trials, {MOST_OTHERS} drawn at random are shown in grey."
    return Picture(
        key="learning-curves",
        title="Learning curves",
        caption=caption + outliers_told(ranges) if reporting else "No trial reported more than one value.",
        variants=variants if reporting else (),
        height=460,
    )


def _steps(reports: Sequence[ReportRecord], objective: int) -> list[Step]:
    by_step: dict[float, list[float]] = {}
    for report in reports:
        by_step.setdefault(report.step, []).append(report.values[objective])
    ordered = sorted(by_step.items())
    stride = -(-len(ordered) // MOST_STEPS)
    # The last point is the result: it is kept whatever is thinned out.
    return ordered if stride == 1 else [*ordered[:-1:stride], ordered[-1]]


def _grey(curves: Sequence[Sequence[Step]]) -> list[Trace]:
    """All curves as one trace with gaps, which is drawn far faster than many."""
    x: list[float | None] = []
    y: list[float | None] = []
    for curve in curves:
        x += [*(number(step) for step, _ in curve), None]
        y += [*(number(statistics.fmean(values)) for _, values in curve), None]
    line = {"color": GREY, "width": 1}
    common = {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "opacity": 0.45}
    return [{**common, "name": "other trials", "x": x, "y": y, "line": line}] if curves else []


def _coloured(curves: dict[int, list[Step]]) -> list[Trace]:
    traces = []
    for colour, (trial, curve) in zip(PALETTE, curves.items(), strict=False):
        x = [number(step) for step, _ in curve]
        mean = [number(statistics.fmean(values)) for _, values in curve]
        name = f"trial {trial}"
        traces += _band(x, curve, colour, name)
        mode = {"mode": "lines+markers" if len(x) <= 5 else "lines"}
        traces.append({
            "type": "scatter", "name": name, "legendgroup": name, "x": x, "y": mean, **mode,
            "customdata": [trial] * len(x),
            "line": {"color": colour, "width": 2},
        })  # fmt: skip
    return traces


def _band(x: Sequence[float | None], curve: Sequence[Step], colour: str, name: str) -> list[Trace]:
    """The interval where as many runs reported as anywhere: with fewer it would tell of something else."""
    most = max(len(values) for _, values in curve)
    if most < 2:
        return []
    intervals = [mean_interval(values) if len(values) == most else None for _, values in curve]
    told = [
        (step, *interval)
        for step, interval in zip(x, intervals, strict=True)
        if interval and step is not None
    ]
    outline: dict[str, Any] = {
        "x": [step for step, _, _ in told] + [step for step, _, _ in reversed(told)],
        "y": numbers([high for _, _, high in told] + [low for _, low, _ in reversed(told)]),
    }
    look = {"fill": "toself", "fillcolor": f"{colour}33", "line": {"width": 0}, "hoverinfo": "skip"}
    hidden = {"showlegend": False, "legendgroup": name, "type": "scatter", "mode": "lines"}
    return [{**outline, **look, **hidden}]
