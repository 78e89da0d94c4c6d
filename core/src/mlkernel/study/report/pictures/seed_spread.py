"""The best trials, run by run: how much of their lead is luck."""

from __future__ import annotations

from typing import Any

from mlkernel.study.report.picture import BLUE, ORANGE, Picture, Trace, Variant, number, numbers, text
from mlkernel.study.statistics.sample_summary import summarise
from mlkernel.study.statistics.study_results import StudyResults
from mlkernel.study.statistics.trial_values import run_values
from mlkernel.study.store.records import TrialRecord

MOST_TRIALS = 12


def draw_seed_spread(results: StudyResults) -> Picture:
    """One view for each objective."""
    variants = []
    for place, objective in enumerate(results.objectives):
        best = [(trial, run_values(trial, place)) for trial in results.best(MOST_TRIALS, place)]
        several = [(trial, values) for trial, values in best if len(values) > 1]
        if several:
            names = {
                "tickvals": list(range(len(several))),
                "ticktext": [f"trial {trial.number}" for trial, _ in several],
            }
            layout = {"xaxis": names, "yaxis": {"title": {"text": text(objective.metric)}}}
            variants.append(Variant(label=objective.metric, traces=_traces(several), layout=layout))
    caption = (
        "Results of the best trials with each seed and fold, and the mean with its 95 % confidence interval"
        " (Student's t). The best of many trials is partly the luckiest: try it again with new seeds"
        " before you trust its lead."
    )
    return Picture(
        key="seeds",
        title="Spread over seeds",
        caption=caption if variants else "Each trial ran once: nothing is known of the spread over seeds.",
        variants=variants,
    )


def _traces(several: list[tuple[TrialRecord, list[float]]]) -> list[Trace]:
    summaries = [summarise(values) for _, values in several]
    points = [
        (place, value, trial.number) for place, (trial, values) in enumerate(several) for value in values
    ]
    runs: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "name": "runs",
        "x": [place for place, _, _ in points],
        "y": [number(value) for _, value, _ in points],
        "customdata": [trial for _, _, trial in points],
        "hovertemplate": "%{y}<extra></extra>",
        "marker": {"color": BLUE, "size": 7, "opacity": 0.55},
    }
    halves = [(summary.interval[1] - summary.mean) if summary.interval else None for summary in summaries]
    means: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "name": "mean",
        "x": [place + 0.15 for place in range(len(several))],
        "y": [number(summary.mean) for summary in summaries],
        "customdata": [trial.number for trial, _ in several],
        "error_y": {"type": "data", "array": numbers(halves), "color": ORANGE, "thickness": 1.5},
        "hovertemplate": "mean %{y}<extra></extra>",
        "marker": {"color": ORANGE, "size": 8, "symbol": "diamond"},
    }
    return [runs, means]
