import numpy as np
import pytest

from mlkernel.plots.curves import Curve, mean_and_band, read_curve, smoothed, student_quantile
from mlkernel.records.metrics import MetricRecord


def curve(x, y):
    return Curve(np.asarray(x, float), np.asarray(y, float))


RECORDS = [
    MetricRecord("train", 0, 1.0, {"loss": 0.5, "frames": 100}),
    MetricRecord("test", 0, 1.5, {"return": 10.0}),
    MetricRecord("train", 1, 2.0, {"loss": 0.25, "frames": 200}),
    MetricRecord("test", 0, 2.5, {"return": 20.0}),
]


@pytest.mark.parametrize(
    ("metric", "phase", "x", "points"),
    [
        ("loss", "train", "iteration", [(0, 0.5), (1, 0.25)]),
        ("loss", "train", "time", [(1.0, 0.5), (2.0, 0.25)]),
        ("loss", "train", "frames", [(100, 0.5), (200, 0.25)]),
        ("return", "test", "frames", [(100, 10.0), (200, 20.0)]),
        ("return", "test", "time", [(1.5, 10.0), (2.5, 20.0)]),
        ("return", "train", "time", []),
    ],
)
def test_reads_a_metric_over_any_axis(metric, phase, x, points):
    read = read_curve(RECORDS, metric, phase, x)
    assert list(zip(read.x, read.y, strict=True)) == points


def test_iterations_of_a_loop_that_is_entered_again_are_counted_through():
    records = [MetricRecord("test", number, 0.0, {"return": 1.0}) for number in (0, 1, 2, 0, 1, 0)]
    assert list(read_curve(records, "return", "test", "iteration").x) == [0, 1, 2, 3, 4, 5]


def test_the_mean_and_its_interval_by_students_t():
    band = mean_and_band([curve([0, 1], [1.0, 2.0]), curve([0, 1], [2.0, 2.0]), curve([0, 1], [3.0, 2.0])])
    assert band.mean == pytest.approx([2.0, 2.0])
    # t quantile of 2 degrees of freedom, 4.303, times the standard error 1 / sqrt(3)
    assert band.high - band.mean == pytest.approx([4.303 / 3**0.5, 0.0])
    assert band.mean - band.low == pytest.approx([4.303 / 3**0.5, 0.0])


def test_a_shorter_run_counts_as_far_as_it_goes_and_the_interval_ends_with_it():
    band = mean_and_band([curve([0, 1, 2], [1.0, 1.0, 5.0]), curve([0, 1], [3.0, 3.0])])
    assert band.mean == pytest.approx([2.0, 2.0, 5.0])
    assert np.isnan(band.high).tolist() == [False, False, True]


def test_runs_logged_at_different_places_are_interpolated():
    band = mean_and_band([curve([0, 2, 4], [0.0, 2.0, 4.0]), curve([0, 1, 4], [0.0, 1.0, 4.0])])
    assert band.mean == pytest.approx(band.x)
    assert (band.x[0], band.x[-1]) == (0.0, 4.0)


def test_smoothing_is_not_drawn_towards_zero_at_the_start_and_keeps_a_constant():
    assert smoothed(curve(range(5), [3.0] * 5), 0.9).y == pytest.approx([3.0] * 5)


def test_smoothing_passes_over_what_is_not_finite():
    result = smoothed(curve(range(3), [1.0, float("nan"), 1.0]), 0.5).y
    assert np.isnan(result[1])
    assert result[2] == pytest.approx(1.0)


def test_quantiles_fall_to_the_normal_distributions():
    quantiles = [student_quantile(freedom) for freedom in range(1, 40)]
    assert quantiles == sorted(quantiles, reverse=True)
    assert quantiles[-1] == 1.960
