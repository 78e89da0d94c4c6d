"""Algorithms of other libraries: each finds the best region, with every choice that it offers."""

from __future__ import annotations

import random

import pytest

from mlkernel import ConfigError, History, Observation, SearchProblem, make_search_algorithm, parse_space
from mlkernel_search.configs import HyperoptConfig, NevergradConfig, SkoptConfig

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


def test_nevergrad_follows_its_own_points_and_its_seed():
    def proposals(seed):
        algorithm = make_search_algorithm(
            "nevergrad",
            SearchProblem(space=SPACE, seed=seed, trials=30),
            NevergradConfig(method="OnePlusOne"),
        )
        history, points = History(), []
        for number in range(30):
            points += algorithm.ask(history, [], [number])
            history.append(Observation(number=number, parameters=points[-1], values=[loss(points[-1])]))
        return points

    points = proposals(1)
    assert min(map(loss, points)) < 0.1
    assert points[0] != proposals(2)[0], "NGOpt and others would begin in the middle with any seed"


def test_optimizers_that_nevergrad_does_not_have_are_refused():
    with pytest.raises(ConfigError, match="no optimizer 'NGOpt99999'"):
        make_search_algorithm("nevergrad", SearchProblem(space=SPACE), NevergradConfig(method="NGOpt99999"))
