"""NSGA-III: evenly spread directions, and trials in each of them."""

from __future__ import annotations

import random
import statistics

import numpy as np
import pytest

from mlkernel import History, Objective, Observation, SearchProblem, make_search_algorithm, parse_space
from mlkernel_search.nsga3_search import niche_order, reference_directions


def test_directions_are_spread_evenly_over_the_simplex():
    directions = reference_directions(3, 12)
    assert len(directions) == 10, "the finest spread of three objectives with at most twelve points"
    assert np.linalg.norm(directions, axis=1) == pytest.approx(1.0)
    assert len(reference_directions(2, 5)) == 5


def test_a_direction_that_none_has_taken_goes_before_a_better_fit_to_one_that_is_taken():
    losses = [(0.0, 1.0), (0.01, 0.99), (1.0, 0.0), (0.5, 0.5), (2.0, 2.0)]
    order = niche_order(losses, 3)
    assert set(order[:3]) == {0, 2, 3}
    assert order[-1] == 4, "dominated"


def test_it_follows_three_objectives():
    space = parse_space(["x=uniform(0, 1)", "y=uniform(0, 1)", "z=uniform(0, 1)"])
    objectives = [Objective(metric="a"), Objective(metric="b"), Objective(metric="c", mode="max")]
    rng = random.Random(1)
    history = History()
    for number in range(120):
        point = space.sample(rng)
        values = [point["x"] + point["z"], 1 - point["x"] + point["z"], -abs(point["y"] - 0.5) - point["z"]]
        history.append(Observation(number=number, parameters=point, values=values))
    search = make_search_algorithm("nsga3", SearchProblem(space=space, objectives=objectives, seed=2))
    found = search.ask(history, [], range(120, 160))
    assert statistics.median(point["z"] for point in found) < 0.25
    assert statistics.pstdev(point["x"] for point in found) > 0.2, "spread along the front"
