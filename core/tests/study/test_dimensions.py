"""Every dimension means what the guide says."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from core.tests.study.spaces import dimensions, ranges
from hypothesis import assume, given
from hypothesis import strategies as st

from mlkernel import ConfigError
from mlkernel.study.space.dimension import value_key
from mlkernel.study.space.methods import make_dimension
from mlkernel.study.space.text_form import parse_dimension

positions = st.floats(0, 1)


@given(dimensions, positions)
def test_every_position_has_a_value_of_the_dimension(dimension, position):
    assert dimension.contains(dimension.from_unit(position))


@given(dimensions, positions)
def test_a_value_leads_to_a_position_that_leads_back_to_it(dimension, position):
    value = dimension.from_unit(position)
    back = dimension.from_unit(dimension.to_unit(value))
    if isinstance(value, float) and dimension.levels is None:
        spread = (
            abs(dimension.from_unit(0.75) - dimension.from_unit(0.25))
            if dimension.method.endswith("l")
            else 0
        )
        assert math.isclose(
            back, value, rel_tol=1e-3, abs_tol=1e-3 * max(spread, getattr(dimension, "high", 0), 1e-9)
        ) or (not 1e-6 < position < 1 - 1e-6)
    else:
        assert value_key(back) == value_key(value) or not 1e-6 < position < 1 - 1e-6


@given(dimensions, positions, positions)
def test_ordered_dimensions_rise_with_the_position(dimension, one, other):
    assume(dimension.is_ordered)
    low, high = (dimension.to_unit(dimension.from_unit(position)) for position in sorted((one, other)))
    assert low <= high + 1e-9
    if dimension.method not in ("ordinal", "fixed"):
        assert dimension.from_unit(min(one, other)) <= dimension.from_unit(max(one, other))


@given(ranges())
def test_both_bounds_are_reached(dimension):
    lowest, highest = dimension.from_unit(0.0), dimension.from_unit(1.0)
    q = getattr(dimension, "q", 0)
    assert dimension.low - 1e-9 <= lowest <= dimension.low + q + 1e-9 * max(1, abs(dimension.low))
    assert dimension.high - q - 1e-9 * max(1, abs(dimension.high)) <= highest <= dimension.high + 1e-6
    if not q:
        assert (lowest, highest) == (dimension.low, dimension.high)


@given(dimensions, st.integers(1, 30))
def test_grids_hold_different_values_of_the_dimension(dimension, count):
    assume(dimension.levels is None or dimension.levels < 1000)
    values = dimension.grid(count)
    assert values
    assert all(map(dimension.contains, values))
    assert len(set(map(value_key, values))) == len(values)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("uniformint(1, 4)", {1, 2, 3, 4}),
        ("quniform(0.1, 0.5, 0.2)", {0.2, 0.4}),
        ("quniform(0, 0.3, 0.1)", {0.0, 0.1, 0.2, 0.3}),
        ("quniform(5, 20, 8)", {8, 16}),
        ("qloguniform(1, 8, 2)", {2, 4, 6, 8}),
    ],
)
def test_all_values_and_no_others_are_drawn(text, values):
    dimension, rng = parse_dimension(text), random.Random(1)
    drawn = [dimension.sample(rng) for _ in range(2000)]
    assert set(drawn) == values
    assert {type(value) for value in drawn} == {type(next(iter(values)))}
    assert dimension.levels == len(values)


def test_whole_and_quantised_numbers_are_equally_likely_at_their_ends():
    rng = random.Random(2)
    for text in ("uniformint(0, 4)", "quniform(0, 1, 0.25)"):
        dimension = parse_dimension(text)
        drawn = [dimension.sample(rng) for _ in range(10_000)]
        assert all(1800 < drawn.count(value) < 2200 for value in set(drawn))


def test_a_log_uniform_number_is_as_likely_in_each_decade():
    dimension, rng = parse_dimension("loguniform(1e-5, 1e-1)"), random.Random(3)
    decades = [math.floor(math.log10(dimension.sample(rng))) for _ in range(8000)]
    assert all(1850 < decades.count(decade) < 2150 for decade in (-5, -4, -3, -2))


def test_normal_numbers_have_their_mean_and_deviation():
    rng = random.Random(4)
    drawn = [parse_dimension("normal(3, 2)").sample(rng) for _ in range(4000)]
    assert statistics.mean(drawn) == pytest.approx(3, abs=0.15)
    assert statistics.stdev(drawn) == pytest.approx(2, abs=0.15)
    logs = [math.log(parse_dimension("lognormal(-1, 0.5)").sample(rng)) for _ in range(4000)]
    assert statistics.mean(logs) == pytest.approx(-1, abs=0.05)
    assert all(
        value % 4 == 0 for value in (parse_dimension("qnormal(0, 9, 4)").sample(rng) for _ in range(200))
    )


@pytest.mark.parametrize(
    ("method", "arguments", "words"),
    [
        ("unifrom", {}, "did you mean uniform"),
        ("uniform", {"low": 0}, "uniform needs high"),
        ("uniform", {"low": 2, "high": 1}, "low must not exceed high"),
        ("uniform", {"low": "a", "high": True}, "high must be a finite number, not True"),
        ("uniform", {"low": 0, "high": 1, "bin": 3}, "no argument 'bin'; did you mean bins"),
        ("uniform", {"low": 0, "high": 1, "bins": 0}, "bins must be a whole number from 1"),
        ("loguniform", {"low": -5, "high": -1}, "bounds are values and no logarithms"),
        ("uniformint", {"low": 0.5, "high": 3}, "low must be a whole number"),
        ("quniform", {"low": 0, "high": 1, "q": 0}, "q must be positive"),
        ("quniform", {"low": 5, "high": 7, "q": 8}, "no multiple of 8 lies between 5 and 7"),
        ("normal", {"mu": 0, "sigma": 0}, "sigma must be positive"),
        ("lognormal", {"mu": 1000, "sigma": 1}, "too large"),
        ("categorical", {"values": []}, "at least one value"),
        ("categorical", {"values": [1, 2, 1]}, "twice"),
        ("ordinal", {"values": [object()]}, "plain JSON values"),
        ("fixed", {"value": {1, 2}}, "plain JSON value"),
    ],
)
def test_what_has_no_meaning_is_refused_with_the_argument(method, arguments, words):
    with pytest.raises(ConfigError, match=words):
        make_dimension(method, arguments)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("uniformint(1, 3)", [1, 3], [0, 4, 2.0, True, "2", None]),
        ("uniform(0, 1)", [0, 0.5, 1], [1.1, float("nan"), True, "0.5"]),
        ("quniform(0, 1, 0.1)", [0.3, 0.30000000000000004, 1], [0.35, 1.1, float("inf")]),
        ("[1, a, [2, 3]]", [1, "a", [2, 3]], [1.0, True, "1", [3, 2]]),
        ("lognormal(0, 1)", [0.1, 50], [0, -1]),
    ],
)
def test_values_of_other_types_are_no_values(text, inside, outside):
    dimension = parse_dimension(text)
    assert all(map(dimension.contains, inside))
    assert not any(map(dimension.contains, outside))
