"""A picture of a report, in the terms of plotly's figures, and what all pictures have in common."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
from attrs import frozen

from mlkernel.study.search_problem import Objective
from mlkernel.study.statistics.parameter_axis import ParameterAxis, label
from mlkernel.study.statistics.sample_summary import percentile

BLUE, ORANGE, GREEN, PINK, AMBER, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
PALETTE = (BLUE, ORANGE, GREEN, PINK, AMBER, SKY)
"""Okabe and Ito's colours, told apart by the colour-blind too."""
GREY = "#9aa5b1"
STATE_COLOURS = {
    "finished": BLUE, "stopped": AMBER, "failed": "#b91c1c", "running": GREEN, "paused": PINK, "waiting": GREY,
}  # fmt: skip
LONGEST_NAME = 32
"""Letters of a name beside an axis."""
OUTLYING = 4.0
"""Where the worst value lies so many times as far from the best as nine in ten do, the axis ends before it."""

Trace = dict[str, Any]


@frozen(kw_only=True)
class Variant:
    """One of the views between which the reader of a picture chooses."""

    label: str = ""
    traces: Sequence[Trace]
    layout: dict[str, Any] = attrs.field(factory=dict)


@frozen(kw_only=True)
class Picture:
    """A section of the report."""

    key: str
    """Its anchor in the page."""
    title: str
    caption: str
    """What is seen, and what is left out."""
    variants: Sequence[Variant] = ()
    """None where there is nothing to be drawn; the caption says why."""
    height: int = 420
    """Pixels."""


def number(value: float | None) -> float | None:
    """*value* with six significant digits, which no screen exceeds; ``None`` if it is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.6g}")


def numbers(values: Iterable[float | None]) -> list[float | None]:
    """Each of *values* with six significant digits."""
    return [number(value) for value in values]


def text(given: str) -> str:
    """*given* as it is shown: plotly would take what looks like HTML for markup. Long texts lose their middle."""
    if len(given) > LONGEST_NAME:
        half = LONGEST_NAME // 2
        given = f"{given[:half]}…{given[-half:]}"
    return html.escape(given, quote=False)


def visible_range(values: Sequence[float], objective: Objective) -> list[float] | None:
    """The part of an axis that shows what matters; ``None`` where nothing lies far out on the worse side."""
    sign = -1.0 if objective.mode == "max" else 1.0
    ordered = sorted(sign * value for value in values)
    if len(ordered) < 10:
        return None
    best, usual, worst = ordered[0], percentile(ordered, 0.9), ordered[-1]
    if usual <= best or worst - best <= OUTLYING * (usual - best):
        return None
    margin = 0.08 * (usual - best)
    return sorted((sign * (best - margin), sign * (usual + 4 * margin)))


def outliers_told(ranges: Sequence[list[float] | None]) -> str:
    """A sentence for the caption where some axis leaves values out."""
    return " The axis leaves out the worst values: double-click to see them." if any(ranges) else ""


def colour_scale(values: Sequence[float], objective: Objective) -> dict[str, Any]:
    """Marker or line properties that colour *values*, darker for better ones."""
    low, high = visible_range(values, objective) or [min(values), max(values)]
    return {
        "colorscale": "Viridis",
        "reversescale": objective.mode == "max",
        "cmin": number(low),
        "cmax": number(high if high > low else low + 1),
    }


def axis_layout(axis: ParameterAxis) -> dict[str, Any]:
    """The axis of a parameter; categories lie at 0, 1, 2, ..."""
    title = {"title": {"text": text(axis.name), "standoff": 6}}
    if axis.scale == "category":
        places = list(range(len(axis.categories)))
        return {
            **title,
            "tickvals": places,
            "ticktext": [text(category) for category in axis.categories],
            "range": [-0.5, len(places) - 0.5],
        }
    if axis.scale == "log":
        return {**title, "type": "log", "exponentformat": "power", "dtick": 1}
    return title


def axis_value(axis: ParameterAxis, value: Any) -> float:
    """A value of a parameter on the axis that :func:`axis_layout` makes."""
    if axis.scale == "category":
        return float(axis.categories.index(label(value)))
    return float(f"{value:.6g}")
