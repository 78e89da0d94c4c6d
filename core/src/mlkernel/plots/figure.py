"""The picture itself: panels, curves, bands, axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from mlkernel.plots.curves import Curve, Values, mean_and_band, read_curve, smoothed
from mlkernel.records.atomic_file import storage_errors
from mlkernel.records.metrics import Metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette, told apart by the colour-blind too."""
DASHES = ("-", "--", ":", "-.")
PANEL_INCHES = (5.2, 3.4)
MOST_COLUMNS = 3
DOTS_PER_INCH = 200
FEW_POINTS = 20
"""Up to so many, a curve shows its points, to tell what was measured from what is only a line between."""

STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.labelcolor": "#333333",
    "axes.edgecolor": "#888888",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "pdf.fonttype": 42,  # fonts that journals accept, and text that can be searched
    "svg.fonttype": "none",
    "svg.hashsalt": "mlkernel",  # the same runs give the same file
}
UNDATED: dict[str, dict[str, Any]] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def draw_figure(
    path: Path,
    groups: Sequence[tuple[str, Sequence[Metrics]]],
    phases: Mapping[str, Sequence[str]],
    *,
    x: str,
    title: str | None,
    smooth: float,
) -> None:
    """Draw a panel for each metric of *phases* and write the picture to *path*.

    :param groups: label and runs of each configuration.
    :param phases: for each metric the phases in which it is drawn.
    """
    rows = -(-len(phases) // MOST_COLUMNS)
    columns = -(-len(phases) // rows)
    with mpl.rc_context(STYLE):
        figure = Figure(
            (columns * PANEL_INCHES[0], rows * PANEL_INCHES[1]), dpi=DOTS_PER_INCH, layout="constrained"
        )
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True).flat
        drawn = []
        for (metric, where), panel in zip(phases.items(), panels, strict=False):
            _draw_panel(panel, groups, metric, where, x, smooth)
            panel.tick_params(labelbottom=True)
            drawn.append(panel)
        for unused in panels:
            unused.remove()
        _begin_at_zero(drawn)
        if title:
            figure.suptitle(title, fontsize=12)
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, metadata=UNDATED.get(path.suffix.lower()))


def _draw_panel(
    panel: Axes,
    groups: Sequence[tuple[str, Sequence[Metrics]]],
    metric: str,
    phases: Sequence[str],
    x: str,
    smooth: float,
) -> None:
    unit, unit_seconds = _time_unit(groups) if x == "time" else ("", 1.0)
    labels, heights = [], []
    for number, (label, runs) in enumerate(groups):
        for dash, phase in zip(DASHES * len(phases), phases, strict=False):
            curves = [read_curve(run, metric, phase, x) for run in runs]
            curves = [Curve(curve.x / unit_seconds, curve.y) for curve in curves if len(curve.x)]
            if curves:
                labels.append(f"{label}, {phase}" if len(phases) > 1 else label)
                heights += [curve.y[~np.isnan(curve.y)] for curve in curves]
                _draw_group(panel, curves, COLOURS[number % len(COLOURS)], dash, labels[-1], smooth)
    panel.set_ylabel(metric if len(phases) > 1 else f"{metric} ({phases[0]})")
    panel.set_xlabel(f"training time [{unit}]" if x == "time" else x)
    _fit_height(panel, np.concatenate([np.empty(0), *heights]))
    _tidy_axes(panel, x)
    if len(labels) > 1 or any(len(runs) > 1 for _, runs in groups):
        panel.legend(loc="best")


def _draw_group(panel: Axes, curves: list[Curve], colour: str, dash: str, label: str, smooth: float) -> None:
    if len(curves) == 1:
        curve = curves[0]
        if smooth:
            panel.plot(curve.x, curve.y, dash, color=colour, alpha=0.25, linewidth=0.8)
            curve = smoothed(curve, smooth)
        marker = "o" if len(curve.y) <= FEW_POINTS else None
        panel.plot(curve.x, curve.y, dash, color=colour, label=label, marker=marker, markersize=3.5)
        return
    band = mean_and_band([smoothed(curve, smooth) for curve in curves] if smooth else curves)
    panel.fill_between(band.x, band.low, band.high, color=colour, alpha=0.18, linewidth=0)
    panel.plot(band.x, band.mean, dash, color=colour, label=label)


def _fit_height(panel: Axes, values: Values) -> None:
    """Fit the axis to what was logged: the interval of a mean of two or three runs can be many times as high."""
    if len(values) and values.min() < values.max():
        margin = 0.05 * (values.max() - values.min())
        panel.set_ylim(values.min() - margin, values.max() + margin)


def _begin_at_zero(panels: Sequence[Axes]) -> None:
    """Show where training began, on the axis that all panels share, unless the curves begin far from there."""
    first = min(panel.dataLim.x0 for panel in panels)
    last = max(panel.dataLim.x1 for panel in panels)
    if 0 <= first < last / 4:
        panels[0].set_xlim(left=0)


def _tidy_axes(panel: Axes, x: str) -> None:
    panel.margins(x=0.01)
    if x == "iteration":
        panel.xaxis.set_major_locator(MaxNLocator(integer=True, nbins="auto", steps=[1, 2, 5, 10]))
    for axis in (panel.xaxis, panel.yaxis):
        if max(abs(bound) for bound in axis.get_view_interval()) >= 10_000:
            axis.set_major_formatter(EngFormatter(sep=""))


def _time_unit(groups: Iterable[tuple[str, Sequence[Metrics]]]) -> tuple[str, float]:
    longest = max(run[-1].time for _, runs in groups for run in runs if len(run))
    if longest < 300:
        return "s", 1.0
    return ("min", 60.0) if longest < 3 * 3600 else ("h", 3600.0)
