import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkernel.study.statistics.pareto import (
    dominates,
    hypervolume,
    hypervolume_history,
    non_dominated,
    reference_point,
)

grid = st.integers(0, 5).map(float)
points = st.one_of(
    st.lists(st.tuples(grid, grid), max_size=30), st.lists(st.tuples(grid, grid, grid), max_size=30)
)


@given(points)
def test_the_front_is_what_nobody_dominates(given_points):
    expected = [
        place
        for place, point in enumerate(given_points)
        if not any(dominates(other, point) for other in given_points)
    ]
    assert non_dominated(given_points) == expected


def test_the_volume_of_two_boxes_counts_their_overlap_once():
    assert hypervolume([(1.0, 2.0), (2.0, 1.0), (2.0, 2.0)], (3.0, 3.0)) == pytest.approx(3.0)


def test_what_lies_beyond_the_reference_point_has_no_volume():
    assert hypervolume([(4.0, 0.0)], (3.0, 3.0)) == 0.0


@given(st.lists(st.tuples(grid, grid), min_size=1, max_size=15))
def test_the_history_never_falls_and_ends_at_the_whole(found):
    reference = reference_point(found)
    history = hypervolume_history(found, reference)
    assert all(a <= b + 1e-9 for a, b in itertools.pairwise(history))
    assert history[-1] == pytest.approx(hypervolume(found, reference))


def test_the_reference_point_is_worse_than_everything():
    assert reference_point([(0.0, 7.0), (10.0, 7.0)]) == (11.0, 8.0)
