import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkernel.study.statistics.pareto import (
    dominates,
    front_in_order,
    hypervolume,
    hypervolume_history,
    non_dominated,
    reference_point,
)

grid = st.integers(0, 5).map(float)
losses = st.one_of(grid, st.floats(allow_nan=False), st.just(math.inf), st.just(-math.inf))
points = st.integers(1, 5).flatmap(
    lambda objectives: st.lists(st.tuples(*[losses] * objectives), max_size=30)
)


def beaten_by_nobody(given_points):
    return [
        place
        for place, point in enumerate(given_points)
        if not any(dominates(other, point) for other in given_points)
    ]


@given(points)
def test_the_front_is_what_nobody_dominates(given_points):
    assert non_dominated(given_points) == beaten_by_nobody(given_points)


@given(points)
def test_the_front_comes_in_order(given_points):
    expected = sorted(beaten_by_nobody(given_points), key=lambda place: (given_points[place], place))
    assert list(front_in_order(given_points)) == expected


@pytest.mark.parametrize("objectives", [2, 3])
def test_a_long_front_is_found_without_comparing_all_with_all(objectives):
    compared = 0

    class Counted(float):
        def __lt__(self, other):
            nonlocal compared
            compared += 1
            return float(self) < float(other)

        __le__ = __gt__ = __ge__ = __lt__

    rng = random.Random(1)
    count = 3000
    found = [tuple(Counted(rng.random()) for _ in range(objectives - 1)) for _ in range(count)]
    front = [(*point, Counted(-sum(point))) for point in found]
    assert len(non_dominated(front)) == count
    assert compared < 100 * count


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
