import json

import attrs
import plotly.graph_objects as go
import pytest
from core.tests.study.made_results import made_results

from mlkernel.study.report.gallery import draw_all
from mlkernel.study.report.pictures.history import draw_history
from mlkernel.study.report.pictures.learning_curves import draw_learning_curves
from mlkernel.study.report.pictures.timeline import draw_timeline

DRAWN_OF_TWO = {
    "history", "parallel-coordinates", "slices", "heat-maps", "learning-curves", "seeds", "timeline", "distribution",
}  # fmt: skip


def drawn(results):
    return {picture.key for picture in draw_all(results) if picture.variants}


@pytest.mark.parametrize(
    ("count", "objectives"),
    [(0, 1), (0, 3), (1, 1), (2, 3), (200, 3), (1200, 1), pytest.param(1200, 3, marks=pytest.mark.slow)],
)
def test_plotly_accepts_every_picture(count, objectives):
    for picture in draw_all(made_results(count, objectives=objectives, steps=4)):
        for variant in picture.variants:
            go.Figure({"data": list(variant.traces), "layout": dict(variant.layout)})
            json.dumps(attrs.asdict(variant), allow_nan=False)


def test_what_can_be_drawn_of_few_trials_is_drawn():
    assert drawn(made_results(2)) == DRAWN_OF_TWO
    assert drawn(made_results(200, objectives=2)) == DRAWN_OF_TWO | {"importance", "contours", "pareto"}


def test_what_cannot_be_drawn_says_what_it_needs():
    pictures = draw_all(made_results(0))
    assert all(not picture.variants and picture.caption for picture in pictures)


@pytest.mark.parametrize("objective", [0, 1])
def test_the_line_of_the_best_follows_the_objective(objective):
    results = made_results(100, objectives=2)
    variant = draw_history(results).variants[objective]
    (line,) = (trace for trace in variant.traces if trace["name"] == "best so far")
    assert line["y"] == sorted(line["y"], reverse=objective == 0)
    assert line["customdata"][-1] == results.best(1, objective)[0].number
    assert line["x"] == sorted(line["x"])


def test_far_outliers_do_not_flatten_the_history():
    results = made_results(100)
    spoilt = attrs.evolve(results.trials[0], values=(1e9,))
    picture = draw_history(attrs.evolve(results, trials=(spoilt, *results.trials[1:])))
    low, high = picture.variants[0].layout["yaxis"]["range"]
    assert low < results.best(1)[0].values[0] < high < 100
    assert "leaves out" in picture.caption


def test_bands_lie_around_the_mean_of_the_seeds():
    (variant,) = draw_learning_curves(made_results(2)).variants
    (band, *_), (mean, *_) = (
        [trace for trace in variant.traces if trace["type"] == "scatter" and ("fill" in trace) is filled]
        for filled in (True, False)
    )
    middle = len(band["y"]) // 2
    low_high = zip(reversed(band["y"][middle:]), band["y"][:middle], strict=True)
    assert all(low <= y <= high for (low, high), y in zip(low_high, mean["y"], strict=True))


def test_a_single_seed_has_no_band():
    (variant,) = draw_learning_curves(made_results(2, seeds=1)).variants
    assert not any("fill" in trace for trace in variant.traces)


def test_runs_at_the_same_time_lie_beneath_each_other():
    results = made_results(40, seeds=1)
    bars = [
        (lane, run[0])
        for trace in draw_timeline(results).variants[0].traces
        for lane, run in zip(trace["y"], trace["customdata"], strict=True)
    ]
    assert len(bars) == 40
    assert {lane for lane, _ in bars} == {0, 1}
    assert all(lane == trial % 2 for lane, trial in bars)


def test_many_runs_are_counted_over_time():
    results = made_results(1200, seeds=1, steps=2)
    (variant,) = draw_timeline(results).variants
    counts = [sum(values) for values in zip(*(trace["y"] for trace in variant.traces), strict=True)]
    assert all(0 <= count <= 2.001 for count in counts)
    assert sum(counts) > 0
