"""Pictures of the report for paper: the first view of each, drawn by matplotlib."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from mlkernel.study.report.picture import BLUE, Picture, Trace, Variant

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INCHES = 7.0
PIXELS_PER_INCH = 170
UNPRINTED = {"parallel-coordinates", "timeline", "slices"}
"""What lives by being touched, or by many panels."""
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e7eb",
    "legend.frameon": False,
}
MARKERS = {"x-thin": "x", "diamond": "D", "circle-open": "o"}


def print_picture(picture: Picture) -> bytes | None:
    """The first view of *picture* as PNG; ``None`` for pictures that paper cannot show."""
    if picture.key in UNPRINTED or not picture.variants or _panels(picture.variants[0]) > 1:
        return None
    variant = picture.variants[0]
    with mpl.rc_context(STYLE):
        figure = Figure((INCHES, max(1.6, picture.height / 120)), dpi=PIXELS_PER_INCH, layout="constrained")
        panel = figure.subplots()
        for trace in variant.traces:
            _draw(panel, trace, variant.layout)
        _name_axes(panel, variant)
        file = BytesIO()
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _panels(variant: Variant) -> int:
    return len({trace.get("xaxis", "x") for trace in variant.traces})


def _draw(panel: Axes, trace: Trace, layout: Mapping[str, Any]) -> None:
    kind = trace["type"]
    if kind == "bar":
        panel.barh(trace["y"], trace["x"], color=BLUE)
    elif kind == "heatmap":
        colours = _colours(layout["coloraxis"])
        mesh = panel.pcolormesh(trace["x"], trace["y"], _table(trace["z"]), **colours)
        panel.figure.colorbar(mesh, ax=panel)
    elif kind == "contour":
        colours = _colours({**trace, "cmin": trace["zmin"], "cmax": trace["zmax"]})
        levels = np.linspace(colours["vmin"], colours["vmax"], 16)
        surface = panel.contourf(
            trace["x"], trace["y"], _table(trace["z"]), levels=levels, cmap=colours["cmap"], extend="both"
        )
        panel.figure.colorbar(surface, ax=panel)
    else:
        _draw_scatter(panel, trace)


def _draw_scatter(panel: Axes, trace: Trace) -> None:
    x, y = _column(trace["x"]), _column(trace["y"])
    if trace.get("yaxis") == "y2":  # marks at a height of the panel, not of its values
        where: dict[str, Any] = {"transform": panel.get_xaxis_transform(), "clip_on": False}
        panel.scatter(
            x, y, marker="x", s=14, color=trace["marker"]["line"]["color"], label=trace["name"], **where
        )
        return
    if trace.get("fill") == "toself":
        panel.fill(x, y, color=trace["fillcolor"], linewidth=0)
        return
    line, marker = trace.get("line", {}), trace.get("marker", {})
    label = _shown(trace.get("name", "")) or None
    if "lines" in trace["mode"]:
        steps = "steps-post" if line.get("shape") == "hv" else "default"
        panel.plot(
            x, y, color=line["color"], linewidth=line.get("width", 1) * 0.75, drawstyle=steps, label=label,
            alpha=trace.get("opacity", 1.0),
        )  # fmt: skip
    if "markers" in trace["mode"] and marker:
        symbol = marker.get("symbol", "circle")
        face = "none" if symbol == "circle-open" else marker["color"]
        panel.scatter(
            x, y, s=marker["size"] ** 2 * 0.4, marker=MARKERS.get(symbol, "o"), facecolors=face,
            edgecolors=marker["color"] if marker["color"] != "#ffffff" else "#333333", alpha=marker.get("opacity", 1.0),
            linewidths=0.8, label=None if "lines" in trace["mode"] else label,
        )  # fmt: skip
    if "error_y" in trace:
        half = _column(trace["error_y"]["array"])
        panel.errorbar(x, y, yerr=half, fmt="none", ecolor=trace["error_y"]["color"], capsize=3)


def _name_axes(panel: Axes, variant: Variant) -> None:
    for letter, axis in (("x", panel.xaxis), ("y", panel.yaxis)):
        given = variant.layout.get(f"{letter}axis", {})
        axis.set_label_text(_shown(given.get("title", {}).get("text", "")))
        if given.get("type") == "log":
            getattr(panel, f"set_{letter}scale")("log")
        if given.get("range"):
            getattr(panel, f"set_{letter}lim")(*given["range"])
        if "tickvals" in given:
            rotated: dict[str, Any] = (
                {"rotation": 30, "ha": "right"} if letter == "x" and len(given["tickvals"]) > 5 else {}
            )
            axis.set_ticks(given["tickvals"], [_shown(text) for text in given["ticktext"]], **rotated)
    if any(trace.get("name") for trace in variant.traces):
        panel.legend(loc="best", fontsize=8)


def _colours(given: Mapping[str, Any]) -> dict[str, Any]:
    name = "viridis_r" if given["reversescale"] else "viridis"
    return {"cmap": name, "vmin": given["cmin"], "vmax": given["cmax"]}


def _table(rows: Sequence[Sequence[float | None]]) -> Any:
    return np.array([[np.nan if value is None else value for value in row] for row in rows])


def _column(values: Sequence[float | None]) -> Any:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _shown(text: str) -> str:
    """What plotly would show of *text*, which was escaped for it; between dollars there is no mathematics."""
    return html.unescape(text).replace("$", r"\$")
