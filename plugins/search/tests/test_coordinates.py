"""Coordinate search, the model of BOHB, and CMA-ES: what each of them promises beyond the contract."""

from __future__ import annotations

import random
import statistics

import numpy as np
import pytest

from mlkernel import ConfigError, History, Observation, PendingTrial, SearchProblem, parse_space
from mlkernel_search.bohb_search import BohbSearch
from mlkernel_search.cmaes_search import CmaesSearch
from mlkernel_search.configs import BohbConfig, CoordinateConfig
from mlkernel_search.coordinate_search import CoordinateSearch
from mlkernel_search.kernel_density import Axes, KernelDensity

SPACE = parse_space(["x=uniform(0, 1)", "n=uniformint(0, 2)", "a=[p, q]"])


def followed(search, loss, trials, number=0):
    history, points = History(), []
    for trial in range(trials):
        (point,) = search.ask(history, [], [trial])
        points.append(point)
        history.append(Observation(number=trial, parameters=point, values=[loss(point)]))
    return points


def test_one_coordinate_after_the_other_is_searched_from_the_defaults():
    search = CoordinateSearch(
        SearchProblem(space=SPACE), CoordinateConfig(order=["a", "x"], defaults={"x": 0.25, "n": 2}, bins=3)
    )
    points = followed(search, lambda p: abs(p["x"] - 0.5) + (p["a"] == "p") + p["n"], 7)
    assert points == [
        {"x": 0.25, "n": 2, "a": "p"},
        {"x": 0.25, "n": 2, "a": "q"},
        {"x": 0.0, "n": 2, "a": "q"},
        {"x": 0.5, "n": 2, "a": "q"},
        {"x": 1.0, "n": 2, "a": "q"},
        {"x": 0.5, "n": 0, "a": "q"},
        {"x": 0.5, "n": 1, "a": "q"},
    ]


def test_coordinates_are_searched_ever_finer_and_ahead_of_what_is_under_way():
    search = CoordinateSearch(SearchProblem(space=parse_space(["x=uniform(0, 1)", "y=uniform(0, 1)"])))
    points = followed(search, lambda p: (p["x"] - 0.3) ** 2 + (p["y"] - 0.7) ** 2, 40)
    best = min(points, key=lambda p: (p["x"] - 0.3) ** 2 + (p["y"] - 0.7) ** 2)
    assert abs(best["x"] - 0.3) < 0.02
    assert abs(best["y"] - 0.7) < 0.02
    pending = [
        PendingTrial(number=place, parameters=point)
        for place, point in enumerate(search.ask(History(), [], range(12)))
    ]
    assert len({(trial.parameters["x"], trial.parameters["y"]) for trial in pending}) == 12


def test_what_is_no_coordinate_is_refused_by_name():
    with pytest.raises(ConfigError) as error:
        CoordinateSearch(SearchProblem(space=SPACE), CoordinateConfig(order=["z"], defaults={"n": 9, "y": 1}))
    assert "order: 'z' is no parameter" in str(error.value)
    assert "9 is no value of 'n'" in str(error.value)
    assert "defaults: 'y' is no parameter" in str(error.value)


def test_the_model_of_bohb_is_made_of_the_largest_budget_that_has_enough():
    rng = random.Random(1)
    cheap, dear = [SPACE.sample(rng) for _ in range(60)], [SPACE.sample(rng) for _ in range(5)]
    observed = [Observation(parameters=p, values=[abs(p["x"] - 0.2)], budget=1) for p in cheap]
    observed += [Observation(parameters=p, values=[abs(p["x"] - 0.9)], budget=27) for p in dear]
    search = BohbSearch(SearchProblem(space=SPACE), BohbConfig(random_fraction=0.0, bandwidth_factor=1.0))

    def proposed(observations):
        return statistics.median(
            point["x"] for point in search.ask(History(observations), [], range(100, 121))
        )

    assert proposed(observed) < 0.4, "five are not enough"
    more = [SPACE.sample(rng) for _ in range(40)]
    observed += [Observation(parameters=p, values=[abs(p["x"] - 0.9)]) for p in more]
    assert proposed(observed) > 0.7, "no budget means all of it"


def test_a_density_is_one_over_the_whole_space():
    axes = Axes(parse_space(["x=uniform(0, 1)", "a=[p, q, r]"]))
    density = KernelDensity(axes, [[0.3, 0.0], [0.5, 1.0], [0.4, float("nan")]], random.Random(0))
    grid = np.array([[x, a] for x in np.linspace(-1, 2, 3001) for a in (0.0, 1.0, 2.0)])
    assert np.exp(density.logarithm(grid)).sum() * 0.001 == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    "texts",
    [["x=uniform(0, 1)", "y=loguniform(1, 100)"], ["x=uniform(0, 1)", "a=[p, q, r]", "n=uniformint(1, 9)"]],
)
def test_cma_es_closes_in_on_the_best_point(texts):
    space = parse_space(texts)
    target = space.to_unit(space.from_unit([0.3, 0.9, 0.4][: len(texts)]))

    def loss(point):
        return sum((one - other) ** 2 for one, other in zip(space.to_unit(point), target, strict=True))

    points = followed(CmaesSearch(SearchProblem(space=space, seed=1)), loss, 160)
    assert statistics.median(map(loss, points[-20:])) < 0.1 * statistics.median(map(loss, points[:20]))
