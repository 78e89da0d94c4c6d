"""How much each parameter decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlkernel.study.report.picture import BLUE, Picture, Variant, number, text
from mlkernel.study.search_problem import Objective
from mlkernel.study.statistics.importance import FEWEST

MOST_BARS = 30


def draw_importance(
    objectives: Sequence[Objective], shares: Sequence[Mapping[str, float]], why_not: str | None
) -> Picture:
    """One view for each objective.

    :param shares: of each objective.
    :param why_not: why there are none, if that is so for another reason than few trials.
    """
    variants = [
        _bars(objective, dict(list(found.items())[:MOST_BARS]))
        for objective, found in zip(objectives, shares, strict=True)
        if found
    ]
    caption = (
        "Share of each parameter in reaching the best tenth of the trials (conditional PED-ANOVA). It tells what"
        " mattered within this space, by itself; with few trials, it is uncertain."
    )
    rows = max((len(found) for found in shares), default=0)
    return Picture(
        key="importance",
        title="Importance of parameters",
        caption=caption
        if variants
        else why_not or f"Needs {FEWEST} trials that ended with a value, and a parameter that varies.",
        variants=variants,
        height=140 + 28 * min(rows, MOST_BARS),
    )


def _bars(objective: Objective, shares: Mapping[str, float]) -> Variant:
    rising = list(shares.items())[::-1]
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(rising))),
        "x": [number(share) for _, share in rising],
        "text": [f"{share:.2f}" for _, share in rising],
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "skip",
        "marker": {"color": BLUE},
    }
    ticks = {"tickvals": list(range(len(rising))), "ticktext": [text(name) for name, _ in rising]}
    layout = {
        "xaxis": {"title": {"text": f"importance for {text(objective.metric)}"}, "rangemode": "tozero"},
        "yaxis": {**ticks, "automargin": True},
    }
    return Variant(label=objective.metric, traces=[trace], layout=layout)
