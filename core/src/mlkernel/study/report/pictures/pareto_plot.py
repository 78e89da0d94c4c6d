"""Two objectives against each other, and how the dominated volume grew."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from mlkernel.errors import UsageError
from mlkernel.study.report.picture import BLUE, GREY, ORANGE, Picture, Trace, Variant, numbers, text
from mlkernel.study.statistics.pareto import hypervolume_history, reference_point
from mlkernel.study.statistics.study_results import StudyResults
from mlkernel.study.store.records import TrialRecord


def draw_pareto(results: StudyResults) -> Picture | None:
    """One view for each pair of objectives and one of the hypervolume; nothing for a single objective."""
    if len(results.objectives) < 2:
        return None
    pairs = combinations(range(len(results.objectives)), 2)
    variants = [_pair(results, *pair) for pair in pairs] if results.comparable else []
    caption = (
        f"The front holds the {len(results.pareto_front)} of {len(results.comparable)} trials"
        " to which no other one is superior."
    )
    if len(results.objectives) > 2:
        caption += " With more than two objectives, trials of the front may look beaten in two of them."
    try:
        variants += _volume(results) if results.comparable else []
    except UsageError as error:
        caption += f" The hypervolume is missing: {error.message}."
    return Picture(key="pareto", title="Pareto front", caption=caption, variants=variants, height=480)


def _pair(results: StudyResults, across: int, up: int) -> Variant:
    front = sorted(results.pareto_front, key=lambda trial: (trial.values or ())[across])
    members = {trial.number for trial in front}
    others = [trial for trial in results.comparable if trial.number not in members]
    is_line = len(results.objectives) == 2
    traces = [
        _dots("other trials", others, across, up, GREY),
        _dots("Pareto front", front, across, up, ORANGE),
    ]
    if is_line:
        traces[1] |= {"mode": "lines+markers", "line": {"color": ORANGE, "width": 1.5}}
    one, other = results.objectives[across], results.objectives[up]
    layout = {"xaxis": _axis(one.metric, one.mode), "yaxis": _axis(other.metric, other.mode)}
    return Variant(label=f"{one.metric} and {other.metric}", traces=traces, layout=layout)


def _axis(metric: str, mode: str) -> dict[str, Any]:
    return {"title": {"text": f"{text(metric)} ({'less' if mode == 'min' else 'more'} is better)"}}


def _dots(name: str, trials: list[TrialRecord], across: int, up: int, colour: str) -> Trace:
    values = [trial.values or () for trial in trials]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": numbers(value[across] for value in values),
        "y": numbers(value[up] for value in values),
        "customdata": [trial.number for trial in trials],
        "hovertemplate": "trial %{customdata}: %{x}, %{y}<extra></extra>",
        "marker": {"color": colour, "size": 7 if colour == ORANGE else 5, "opacity": 0.85},
    }


def _volume(results: StudyResults) -> list[Variant]:
    points = [results.losses(trial) for trial in results.comparable]
    reference = reference_point(points)
    volumes = hypervolume_history(points, reference)
    told = [
        -value if objective.mode == "max" else value
        for value, objective in zip(reference, results.objectives, strict=True)
    ]
    trace = {
        "type": "scatter",
        "mode": "lines",
        "x": [(trial.sequence or 0) + 1 for trial in results.comparable],
        "y": numbers(volumes),
        "line": {"color": BLUE, "width": 2, "shape": "hv"},
    }
    where = ", ".join(f"{value:.4g}" for value in told)
    layout = {
        "xaxis": {"title": {"text": "trials that ended"}},
        "yaxis": {"title": {"text": f"hypervolume below ({where})"}, "rangemode": "tozero"},
    }
    return [Variant(label="hypervolume", traces=[trace], layout=layout)]
