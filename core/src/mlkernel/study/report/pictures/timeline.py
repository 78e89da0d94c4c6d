"""When which runs trained."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from datetime import UTC, datetime

from mlkernel.study.report.picture import STATE_COLOURS, Picture, Trace, Variant, numbers
from mlkernel.study.statistics.study_results import StudyResults
from mlkernel.study.store.records import RunRecord

ROW = 26
"""Pixels of a lane."""
MOST_LANES = 64
MOST_BARS = 1000
"""More are thinner than a pixel: then their number is drawn over time."""
BUCKETS = 240

Span = tuple[float, float, RunRecord]


def draw_timeline(results: StudyResults) -> Picture:
    """Runs as bars, those at the same time beneath each other; how many there were at a time, where they are many."""
    runs = [run for trial in results.trials for run in trial.runs if run.started is not None]
    now = max((run.ended or run.started or 0.0 for run in runs), default=0.0)
    spans = sorted(
        ((run.started or 0.0, run.ended or now, run) for run in runs),
        key=lambda span: (span[0], span[2].trial, span[2].place),
    )
    if not spans:
        return Picture(key="timeline", title="Timeline", caption="No run has started.")
    return _occupancy(spans) if len(spans) > MOST_BARS else _bars(spans)


def _bars(spans: Sequence[Span]) -> Picture:
    lanes = _lanes(spans)
    most = max(lanes) + 1
    placed = list(zip(lanes, spans, strict=True))
    states = {state: [entry for entry in placed if entry[1][2].state == state] for state in STATE_COLOURS}
    layout = {
        "barmode": "overlay",
        "xaxis": {"type": "date"},
        "yaxis": {
            "title": {"text": "runs at the same time"},
            "range": [most - 0.5, -0.5],
            "dtick": max(1, most // 8),
        },
    }
    traces = [_bars_of(state, entries) for state, entries in states.items() if entries]
    return Picture(
        key="timeline",
        title="Timeline",
        caption="Every run from its start to its end, beneath each other where they trained at the same time."
        " Gaps are time without work; times are UTC.",
        variants=[Variant(traces=traces, layout=layout)],
        height=170 + ROW * min(most, MOST_LANES),
    )


def _lanes(spans: Sequence[Span]) -> list[int]:
    """For each of *spans*, in the order of their starts, the lowest lane that is free."""
    free: list[int] = []
    taken: list[tuple[float, int]] = []
    lanes: list[int] = []
    for begun, ended, _ in spans:
        while taken and taken[0][0] <= begun:
            heapq.heappush(free, heapq.heappop(taken)[1])
        lane = heapq.heappop(free) if free else len(taken)
        heapq.heappush(taken, (ended, lane))
        lanes.append(lane)
    return lanes


def _bars_of(state: str, entries: Sequence[tuple[int, Span]]) -> Trace:
    return {
        "type": "bar",
        "orientation": "h",
        "name": state,
        "y": [lane for lane, _ in entries],
        "base": [_moment(begun) for _, (begun, _, _) in entries],
        "x": [round(1000 * (ended - begun)) for _, (begun, ended, _) in entries],
        "width": 0.8,
        "customdata": [[run.trial, run.seed, round(ended - begun, 1)] for _, (begun, ended, run) in entries],
        "hovertemplate": "trial %{customdata[0]}, seed %{customdata[1]}: %{customdata[2]} s<extra></extra>",
        "marker": {"color": STATE_COLOURS[state], "line": {"width": 0.5, "color": "#ffffff"}},
    }


def _occupancy(spans: Sequence[Span]) -> Picture:
    begun, ended = min(span[0] for span in spans), max(span[1] for span in spans)
    width = (ended - begun) / BUCKETS or 1.0
    moments = [_moment(begun + (bucket + 0.5) * width) for bucket in range(BUCKETS)]
    traces = []
    for state, colour in STATE_COLOURS.items():
        counts = _running([span for span in spans if span[2].state == state], begun, width)
        if any(counts):
            traces.append({
                "type": "scatter",
                "mode": "lines",
                "name": state,
                "stackgroup": "runs",
                "x": moments,
                "y": numbers(counts),
                "line": {"width": 0, "color": colour, "shape": "hvh"},
                "fillcolor": colour,
                "hovertemplate": "%{y:.1f} that ended as " + state + "<extra></extra>",
            })  # fmt: skip
    layout = {
        "xaxis": {"type": "date"},
        "yaxis": {"title": {"text": "runs at the same time"}, "rangemode": "tozero"},
    }
    caption = "How many runs trained at a time, by how they ended. Times are UTC."
    variants = [Variant(traces=traces, layout=layout)]
    return Picture(key="timeline", title="Timeline", caption=caption, variants=variants, height=320)


def _running(spans: Sequence[Span], begun: float, width: float) -> list[float]:
    """How many of *spans* cover each bucket, on the average over its width."""
    counts = [0.0] * BUCKETS
    for start, end, _ in spans:
        first, last = int((start - begun) / width), int((end - begun) / width)
        for bucket in range(max(first, 0), min(last, BUCKETS - 1) + 1):
            left = begun + bucket * width
            counts[bucket] += max(0.0, min(end, left + width) - max(start, left)) / width
    return counts


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
