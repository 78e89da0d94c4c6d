import pytest

from mlkernel.study.space.space_reader import parse_space
from mlkernel.study.statistics.parameter_axis import make_axis


def axis_of(text, tried):
    (parameter,) = parse_space([f"x={text}"]).parameters
    return make_axis("x", tried, parameter)


@pytest.mark.parametrize(
    ("text", "tried", "scale", "ends"),
    [
        ("uniform(0, 2)", [0.5], "linear", (0.0, 2.0)),
        ("loguniform(0.01, 100)", [1.0], "log", (-2.0, 2.0)),
        ("qloguniform(1, 1000, 1)", [10], "log", (0.0, 3.0)),
        ("[a, b, c]", ["b"], "category", (0.0, 2.0)),
        ("ordinal([1, 2, 8])", [2], "category", (0.0, 2.0)),
        ("uniform(0, 2)", [3.0], "linear", (0.0, 3.0)),
        ("uniform(0, 2)", ["auto", 1.0], "category", (0.0, 3.0)),
        ("lognormal(0, 1)", [0.5, 2.0], "log", (-0.30103, 0.30103)),
    ],
)
def test_the_axis_holds_what_the_space_allows_and_what_was_tried(text, tried, scale, ends):
    axis = axis_of(text, tried)
    assert axis.scale == scale
    assert axis.ends == pytest.approx(ends, abs=1e-5)
    assert all(axis.ends[0] - 1e-9 <= axis.place(value) <= axis.ends[1] + 1e-9 for value in tried)


def test_undeclared_numbers_choose_their_scale_by_their_spread():
    assert make_axis("x", [1e-5, 0.1]).scale == "log"
    assert make_axis("x", [1, 50]).scale == "linear"
    assert make_axis("x", [-1e-5, 0.1]).scale == "linear"


def test_points_that_have_no_place_are_told():
    axis = axis_of("loguniform(0.01, 100)", [1.0])
    assert axis.has({"x": 3})
    assert not axis.has({"x": -3})
    assert not axis.has({"y": 3})
