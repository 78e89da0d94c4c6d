import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlkernel.study.statistics.sample_summary import mean_interval, percentile, summarise

finite = st.floats(-1e6, 1e6)


def test_a_sample_is_summed_up():
    summary = summarise([1.0, 2.0, 3.0, 4.0, 10.0])
    assert (summary.count, summary.mean, summary.median) == (5, 4.0, 3.0)
    assert summary.deviation == pytest.approx(np.std([1, 2, 3, 4, 10], ddof=1))
    assert summary.percentiles == pytest.approx((1.4, 2.0, 4.0, 7.6))


@given(st.lists(finite, min_size=1, max_size=30), st.floats(0, 1))
def test_percentiles_are_numpys(values, share):
    assert percentile(values, share) == pytest.approx(np.quantile(values, share), rel=1e-9, abs=1e-6)


def test_the_t_interval_is_students():
    low, high = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (low, high) == pytest.approx((3 - 1.963, 3 + 1.963), abs=1e-3)


@pytest.mark.parametrize("level", [0.8, 0.99])
def test_the_level_is_kept(level):
    values = [0.3, 0.1, 0.7, 0.9]
    expected = stats.t.interval(level, 3, loc=np.mean(values), scale=stats.sem(values))
    assert mean_interval(values, level=level) == pytest.approx(expected)


@pytest.mark.parametrize("method", ["t", "bootstrap"])
def test_nine_in_ten_intervals_of_ninety_per_cent_hold_the_mean(method):
    rng = random.Random(1)
    samples = [[rng.gauss(5, 2) for _ in range(12)] for _ in range(60 if method == "bootstrap" else 400)]
    intervals = [mean_interval(sample, level=0.9, method=method) for sample in samples]
    share = sum(low <= 5 <= high for low, high in intervals) / len(samples)
    assert 0.78 < share < 0.97


@pytest.mark.parametrize(
    ("values", "method", "expected"),
    [
        ([1.0], "t", None),
        ([1.0, 2.0, 3.0], "bootstrap", None),
        ([2.0, 2.0], "t", (2.0, 2.0)),
        ([2.0] * 5, "bootstrap", (2.0, 2.0)),
    ],
)
def test_where_there_is_nothing_to_tell(values, method, expected):
    assert mean_interval(values, method=method) == expected
