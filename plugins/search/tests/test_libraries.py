"""Algorithms of other libraries: each finds the best region, with every choice that it offers."""

from __future__ import annotations

import random

import pytest

from mlkernel import History, Observation, SearchProblem, make_search_algorithm, parse_space
from mlkernel_search.configs import HyperoptConfig, SkoptConfig

SPACE = parse_space(["x=uniform(0, 1)", "a=[p, q, r]"])


def loss(point):
    return abs(point["x"] - 0.8) + 0.5 * (point["a"] != "q")


def near(name, config, count=5):
    rng = random.Random(4)
    points = [SPACE.sample(rng) for _ in range(40)]
    history = History(
        Observation(number=number, parameters=point, values=[loss(point)])
        for number, point in enumerate(points)
    )
    algorithm = make_search_algorithm(name, SearchProblem(space=SPACE, seed=2), config)
    proposals = algorithm.ask(history, [], range(40, 40 + count))
    assert len({str(point) for point in proposals}) == count
    return sum(loss(point) < 0.35 for point in proposals)


@pytest.mark.parametrize("method", ["tpe", "anneal"])
def test_hyperopt_proposes_good_points(method):
    assert near("hyperopt", HyperoptConfig(method=method), 9) >= 5


@pytest.mark.parametrize("surrogate", ["GP", "RF", "ET", "GBRT"])
def test_each_surrogate_of_skopt_leads_to_the_best_region(surrogate):
    assert near("skopt", SkoptConfig(base_estimator=surrogate, acq_function="EI"), 2) >= 1


@pytest.mark.parametrize("acquisition", ["gp_hedge", "LCB", "PI"])
def test_each_acquisition_function_of_skopt_leads_to_the_best_region(acquisition):
    assert near("smbo", SkoptConfig(base_estimator="ET", acq_function=acquisition), 3) >= 1
