"""How many trials reached which result: the empirical distribution function."""

from __future__ import annotations

from collections.abc import Sequence

from mlkernel.study.report.picture import (
    BLUE,
    GREEN,
    GREY,
    Picture,
    Trace,
    Variant,
    numbers,
    outliers_told,
    text,
    visible_range,
)
from mlkernel.study.search_problem import Objective
from mlkernel.study.statistics.study_results import StudyResults

ENOUGH_TO_HALVE = 20
MOST_STEPS = 1000


def draw_distribution(results: StudyResults) -> Picture:
    """One view for each objective."""
    variants, ranges = [], []
    for place, objective in enumerate(results.objectives):
        values = [trial.values[place] for trial in results.comparable if trial.values]
        shown = visible_range(values, objective)
        ranges.append(shown)
        layout = {
            "xaxis": {"title": {"text": text(objective.metric)}, "range": shown},
            "yaxis": {"title": {"text": "share of trials at least as good"}, "range": [0, 1.02]},
        }
        traces = _traces(values, objective)
        variants.append(Variant(label=objective.metric, traces=traces, layout=layout))
    caption = (
        "Share of the trials whose result is at least as good; where the search learns, the second half lies above"
        " the first."
    )
    return Picture(
        key="distribution",
        title="Distribution of results",
        caption=caption + outliers_told(ranges),
        variants=variants if results.comparable else (),
    )


def _traces(values: Sequence[float], objective: Objective) -> list[Trace]:
    """*values* are in the order of the ends."""
    if not values:
        return []
    if len(values) < ENOUGH_TO_HALVE:
        return [_steps(values, objective, "all trials", BLUE)]
    half = len(values) // 2
    return [
        _steps(values[:half], objective, "first half", GREY),
        _steps(values[half:], objective, "second half", GREEN),
        _steps(values, objective, "all trials", BLUE),
    ]


def _steps(values: Sequence[float], objective: Objective, name: str, colour: str) -> Trace:
    best_first = sorted(values, reverse=objective.mode == "max")
    stride = -(-len(best_first) // MOST_STEPS)
    places = sorted({*range(0, len(best_first), stride), len(best_first) - 1})
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": numbers(best_first[place] for place in places),
        "y": numbers((place + 1) / len(best_first) for place in places),
        "hovertemplate": "%{y:.0%} at %{x}<extra></extra>",
        "line": {"color": colour, "width": 2, "shape": "hv"},
    }
