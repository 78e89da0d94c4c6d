"""The Gaussian process by itself: its equations, its features, and the maximiser of its improvement."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal, norm

from mlkernel import History, Observation, SearchProblem, make_search_algorithm, parse_space
from mlkernel_search.gp.feature_map import FeatureMap
from mlkernel_search.gp.gaussian_process import HyperPosterior, fit
from mlkernel_search.gp.improvement import LogImprovement, log_h
from mlkernel_search.gp.kernels import Matern52, SquaredExponential
from mlkernel_search.gp.scale_prior import RoughPrior, SmoothPrior
from mlkernel_search.gp.standardisation import standardised

KERNELS = [Matern52(), SquaredExponential()]
OWNERS = np.array([0, 1, 1])
"""Two length scales for three features."""


def data(count=12):
    rng = np.random.default_rng(3)
    features = rng.random((count, 3))
    return features, standardised(np.sin(5 * features[:, 0]) + features[:, 1] ** 2)


@pytest.mark.parametrize("kernel", KERNELS, ids=["matern", "squared_exponential"])
@pytest.mark.parametrize("prior", [SmoothPrior(), RoughPrior()], ids=["smooth", "rough"])
def test_the_gradient_of_the_posterior_is_that_of_its_differences(kernel, prior):
    posterior = HyperPosterior(kernel, data()[0], OWNERS, data()[1], prior)
    for hyper in (np.array([0.5, 1.5, -4.0]), np.array([2.0, -1.0, -1.0])):
        _, gradient = posterior.negative_logarithm(hyper)
        expected = approx_fprime(hyper, lambda x: posterior.negative_logarithm(x)[0], 1e-6)
        np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kernel", KERNELS, ids=["matern", "squared_exponential"])
def test_a_prediction_is_the_conditional_distribution_of_the_joint_one(kernel):
    features, values = data()
    process = fit(kernel, features, OWNERS, values, RoughPrior())
    new = np.array([[0.3, 0.6, 0.1], [0.9, 0.2, 0.4]])
    every = np.concatenate([features, new])
    squares = (((every[:, None] - every[None]) ** 2) * process.weights).sum(-1)
    joint = process.amplitude * kernel.value(squares)
    joint[np.diag_indices(len(features))] += process.amplitude * process.noise
    known, across, own = joint[:12, :12], joint[12:, :12], joint[12:, 12:]
    mean, deviation = process.predict(new)
    solved = np.linalg.solve(known, across.T)
    np.testing.assert_allclose(mean, process.mean + solved.T @ (values - process.mean), rtol=1e-6)
    np.testing.assert_allclose(deviation**2, np.diag(own - across @ solved), rtol=1e-4, atol=1e-9)


def test_the_fitted_process_is_more_likely_than_others():
    features, values = data(20)
    process = fit(Matern52(), features, OWNERS, values, RoughPrior())

    def likelihood(weights):
        squares = (((features[:, None] - features[None]) ** 2) * weights).sum(-1)
        covariance = process.amplitude * (Matern52().value(squares) + process.noise * np.eye(20))
        return multivariate_normal(np.full(20, process.mean), covariance).logpdf(values)

    assert likelihood(process.weights) > likelihood(process.weights * 30)
    assert likelihood(process.weights) > likelihood(process.weights / 30)


def test_gradients_of_the_improvement_are_those_of_its_differences():
    features, values = data()
    improvement = LogImprovement(fit(Matern52(), features, OWNERS, values, RoughPrior()))
    for point in (np.array([0.2, 0.7, 0.5]), np.array([0.95, 0.05, 0.99])):
        value, gradient = improvement.with_gradient(point)
        assert value == pytest.approx(float(improvement(point[None])[0]), rel=1e-6)
        expected = approx_fprime(point, lambda x: float(improvement(x[None])[0]), 1e-7)
        np.testing.assert_allclose(gradient, expected, rtol=1e-2, atol=1e-3)


def test_the_logarithm_of_the_improvement_keeps_its_digits_far_below_zero():
    near = np.array([-0.9, 0.0, 2.0, 8.0])
    np.testing.assert_allclose(np.exp(log_h(near)), norm.pdf(near) + near * norm.cdf(near), rtol=1e-12)
    far = np.array([-1.5, -5.0, -40.0, -1000.0])
    # φ(z)/z² (1 - 3/z² + 15/z⁴) from z = -40 on; numerical integrals of Φ before it
    expected = [
        -3.5308,
        -16.7450,
        norm.logpdf(-40) - 2 * math.log(40),
        norm.logpdf(-1000) - 2 * math.log(1000),
    ]
    np.testing.assert_allclose(log_h(far), expected, rtol=1e-3)
    assert np.all(np.diff(log_h(np.linspace(-30, 3, 4000))) > 0), "it must rise everywhere"


def test_trials_under_way_leave_the_mean_and_lessen_the_doubt():
    features, values = data()
    process = fit(Matern52(), features, OWNERS, values, RoughPrior())
    new, other = np.array([[0.5, 0.5, 0.9]]), np.array([[0.52, 0.5, 0.9]])
    believing = process.believing(new)
    assert believing.predict(other)[0] == pytest.approx(process.predict(other)[0], abs=1e-2)
    assert believing.predict(new)[1] < 0.5 * process.predict(new)[1]


def test_all_values_of_an_inactive_parameter_are_equally_far():
    space = parse_space(["algo=[a, b]", "x=uniform(0, 1) when algo=a", "act=[p, q] when algo=b"])
    made = FeatureMap(space)
    points = [
        {"algo": "a", "x": 0.0}, {"algo": "a", "x": 1.0}, {"algo": "b", "act": "p"}, {"algo": "b", "act": "q"},
    ]  # fmt: skip
    features = made.features(made.positions(points))
    squares = ((features[:, None] - features[None]) ** 2).sum(-1)
    assert squares[0, 2] == pytest.approx(squares[1, 2])
    assert squares[0, 2] == pytest.approx(squares[0, 3])
    assert squares[2, 3] == pytest.approx(1.0)
    assert 0.9 < squares[0, 1] < 1.0, "the chord of an arc of length 1"
    assert [made.point(position) for position in made.positions(points)] == points


def test_positions_are_rounded_to_values_and_lose_what_is_inactive():
    made = FeatureMap(
        parse_space(["n=uniformint(1, 3)", "x=uniform(0, 1) when n=[1, 2]", "s=ordinal([1, 10])"])
    )
    rounded = made.rounded(np.array([[0.02, 0.6, 0.4], [0.98, 0.1, 0.4]]))
    assert [made.point(row) for row in rounded] == [{"n": 1, "x": 0.4, "s": 10}, {"n": 3, "s": 1}]
    assert math.isnan(rounded[1, 2])


def test_how_bad_a_bad_trial_is_tells_nothing_of_the_good_ones():
    losses = np.array([0.1, 0.2, 0.3, 0.5, 0.4])
    mild, wild = (standardised(np.append(losses, bad)) for bad in (1e3, 1e12))
    assert wild[-1] == wild.max()
    assert np.ptp(wild[:-1]) > 0.1 * np.ptp(mild[:-1])
    assert np.all(np.argsort(wild) == np.argsort(np.append(losses, 1e12)))


def searched(texts, loss, trials, seed=1, constraints=()):
    space = parse_space(texts, list(constraints))
    algorithm = make_search_algorithm("gp", SearchProblem(space=space, seed=seed, trials=trials))
    history = History()
    for number in range(trials):
        (point,) = algorithm.ask(history, [], [number])
        history.append(Observation(number=number, parameters=point, values=[loss(point)]))
    return [observation.values[0] for observation in history]


def test_a_smooth_bowl_is_followed_to_its_bottom():
    losses = searched(
        ["x=uniform(-1, 2)", "y=loguniform(1e-3, 1)"],
        lambda p: (p["x"] - 0.7) ** 2 + (math.log10(p["y"]) + 1.2) ** 2,
        25,
    )
    assert min(losses) < 1e-3


def test_the_branch_with_the_lowest_minimum_is_found():
    texts = ["algo=[a, b]", "x=uniform(0, 1) when algo=a", "n=uniformint(1, 9) when algo=b"]
    losses = searched(texts, lambda p: 0.3 + p["x"] ** 2 if p["algo"] == "a" else 0.1 * abs(p["n"] - 7), 24)
    assert min(losses) == 0.0


def test_a_second_basin_is_looked_for_once_the_first_is_known():
    def two_holes(p):
        broad = 1 - math.exp(-8 * (p["x"] - 0.2) ** 2)
        narrow = 1.5 * math.exp(-300 * (p["x"] - 0.83) ** 2)
        return broad - narrow

    assert min(searched(["x=uniform(0, 1)"], two_holes, 30)) < -0.4


def test_constraints_hold_at_the_border_too():
    losses = searched(
        ["a=uniform(0, 1)", "b=uniform(0, 1)"], lambda p: -p["a"] - p["b"], 25, constraints=["a + b < 1"]
    )
    assert -1.0 < min(losses) < -0.97


def test_a_warm_start_is_learnt_from_at_once():
    space = parse_space(["x=uniform(0, 1)", "y=uniform(0, 1)"])
    rng = random.Random(2)
    points = [space.sample(rng) for _ in range(20)]
    known = History(
        Observation(number=None, parameters=point, values=[(point["x"] - 0.6) ** 2 + (point["y"] - 0.3) ** 2])
        for point in points
    )
    (point,) = make_search_algorithm("gp", SearchProblem(space=space, seed=3)).ask(known, [], [0])
    assert abs(point["x"] - 0.6) + abs(point["y"] - 0.3) < 0.1


def test_the_first_trials_have_each_category_in_equal_parts():
    space = parse_space(["a=[p, q, r, s, t]", "x=uniform(0, 1)"])
    points = make_search_algorithm("gp", SearchProblem(space=space, seed=5)).ask(History(), [], range(10))
    assert sorted(point["a"] for point in points) == sorted("pqrst" * 2)
    assert sorted(int(10 * point["x"]) for point in points) == list(range(10))
