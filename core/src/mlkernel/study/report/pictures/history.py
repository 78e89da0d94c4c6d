"""The results of the trials in the order in which they ended, and the best so far."""

from __future__ import annotations

from mlkernel.study.report.picture import (
    ORANGE,
    STATE_COLOURS,
    Picture,
    Trace,
    Variant,
    number,
    outliers_told,
    text,
    visible_range,
)
from mlkernel.study.statistics.study_results import StudyResults

MANY_TRIALS = 10_000
"""From here on points are drawn by the graphics processor."""
FEW_TRIALS = 10
"""Up to here each place gets a number; more are left to plotly."""


def draw_history(results: StudyResults) -> Picture:
    """One view for each objective."""
    variants, ranges = [], []
    for place, objective in enumerate(results.objectives):
        values = [trial.values[place] for trial in results.valued if trial.values]
        shown = visible_range(values, objective)
        ranges.append(shown)
        layout = {
            "xaxis": {
                "title": {"text": "trials that ended"},
                "dtick": 1 if len(results.trials) < FEW_TRIALS else None,
            },
            "yaxis": {"title": {"text": text(objective.metric)}, "range": shown},
            "yaxis2": {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
        }
        traces = [*_points(results, place), *_failures(results), *_incumbent(results, place)]
        variants.append(Variant(label=objective.metric, traces=traces, layout=layout))
    caption = "Every trial at its place in the order of ends, and the best value so far."
    return Picture(
        key="history",
        title="History",
        caption=caption + outliers_told(ranges),
        variants=variants if results.valued else (),
    )


def _points(results: StudyResults, objective: int) -> list[Trace]:
    traces = []
    for state in ("finished", "stopped", "failed"):
        trials = [trial for trial in results.valued if trial.state == state]
        if trials:
            traces.append({
                "type": "scattergl" if len(trials) >= MANY_TRIALS else "scatter",
                "mode": "markers",
                "name": state,
                "x": [(trial.sequence or 0) + 1 for trial in trials],
                "y": [number(trial.values[objective]) for trial in trials if trial.values],
                "customdata": [trial.number for trial in trials],
                "hovertemplate": "trial %{customdata}: %{y}<extra></extra>",
                "marker": {
                    "color": STATE_COLOURS[state],
                    "size": 6,
                    "opacity": 0.6,
                    "symbol": "circle-open" if state == "stopped" else "circle",
                },
            })  # fmt: skip
    return traces


def _failures(results: StudyResults) -> list[Trace]:
    """Trials without a value, as marks at the lower edge."""
    failed = [trial for trial in results.trials if trial.state == "failed" and trial.values is None]
    if not failed:
        return []
    return [{
        "type": "scatter",
        "mode": "markers",
        "name": "failed",
        "x": [(trial.sequence or 0) + 1 for trial in failed],
        "y": [0.015] * len(failed),
        "yaxis": "y2",
        "customdata": [trial.number for trial in failed],
        "hovertemplate": "trial %{customdata} failed<extra></extra>",
        "marker": {"size": 7, "symbol": "x-thin", "line": {"width": 1.5, "color": STATE_COLOURS["failed"]}},
    }]  # fmt: skip


def _incumbent(results: StudyResults, objective: int) -> list[Trace]:
    ends, bests, numbers_of_best = [], [], []
    best, best_value = None, None
    for trial in sorted(results.comparable, key=lambda trial: trial.sequence or 0):
        loss = results.losses(trial)[objective]
        if best is None or loss < best:
            best, best_value = loss, trial.values[objective] if trial.values else None
            ends.append((trial.sequence or 0) + 1)
            bests.append(number(best_value))
            numbers_of_best.append(trial.number)
    if not ends:
        return []
    last = max((trial.sequence or 0) + 1 for trial in results.valued)
    return [{
        "type": "scatter",
        "mode": "lines",
        "name": "best so far",
        "x": [*ends, last],
        "y": [*bests, bests[-1]],
        "customdata": [*numbers_of_best, numbers_of_best[-1]],
        "hovertemplate": "best: %{y} (trial %{customdata})<extra></extra>",
        "line": {"color": ORANGE, "width": 2.5, "shape": "hv"},
    }]  # fmt: skip
