from __future__ import annotations

import math
import random

import pytest

from mlkernel import (
    ConfigError,
    Continue,
    Curve,
    Curves,
    NewTrial,
    Pause,
    Promote,
    Report,
    SearchProblem,
    make_trial_scheduler,
    parse_space,
)
from mlkernel.testing.simulated_study import Conditions, SimulatedStudy
from mlkernel_search.schedulers.configs import Pb2Config, PbtConfig
from mlkernel_search.schedulers.exploration import explored, nearest
from mlkernel_search.schedulers.population import source_of

SPACE = parse_space(["x=uniform(0,1)", "y=uniform(0,1)"])
PROBLEM = SearchProblem(space=SPACE, max_step=20, trials=5, seed=4)
MIXED = parse_space(
    ["lr=loguniform(1e-5,1e-1)", "size=ordinal([16,32,64])", "act=[relu,tanh]", "layers=uniformint(1,8)",
     "drop=quniform(0,0.8,0.1) when act=relu"]
)  # fmt: skip


def after_one_interval(losses):
    curves = Curves()
    for number, loss in enumerate(losses):
        point = {"x": number / 10, "y": 0.5}
        curves.add(Curve(number=number, parameters=point, state="paused", until=4.0))
        curves.append(Report(number, 4.0, loss))
    return curves


def test_the_worst_goes_on_from_the_best_and_first():
    scheduler = make_trial_scheduler("pbt", PROBLEM, PbtConfig(resample_probability=0))
    curves = after_one_interval([0.5, 0.1, 0.4, 0.9, 0.3])
    copied = scheduler.assign(curves)
    assert (copied.trial, copied.source, copied.until) == (3, 1, 8.0)
    factors = copied.parameters["x"] / 0.1, copied.parameters["y"] / 0.5
    assert all(min(abs(factor - 0.8), abs(factor - 1.2)) < 1e-9 for factor in factors)
    curves[3].until, curves[3].state, curves[3].parameters = 8.0, "running", copied.parameters
    assert scheduler.assign(curves) == Promote(trial=0, until=8.0), (
        "the others keep what they have, best last"
    )


def test_an_interval_begins_when_all_have_ended_the_one_before():
    scheduler = make_trial_scheduler("pbt", PROBLEM)
    curves = after_one_interval([0.5, 0.1, 0.4, 0.9, 0.3])
    curves[2].state = "running"
    assert scheduler.assign(curves) == NewTrial(until=4.0), "a second population begins meanwhile"
    asynchronous = make_trial_scheduler("pbt", PROBLEM, PbtConfig(synchronous=False))
    assert asynchronous.assign(curves).trial == 3


def test_a_trial_pauses_after_each_interval_but_not_at_its_end():
    scheduler, curves = make_trial_scheduler("pbt", PROBLEM), after_one_interval([0.5])
    assert scheduler.decide(curves, 0) == Pause()
    curves.append(Report(0, 20.0, 0.4))
    assert scheduler.decide(curves, 0) == Continue(until=math.inf)


def test_a_tournament_is_lost_to_better_trials_only():
    options = PbtConfig(exploit="binary_tournament")
    order = [7, 3, 9, 1]
    drawn = {
        trial: {source_of(trial, order, options, random.Random(seed)) for seed in range(50)}
        for trial in order
    }
    assert drawn == {7: {None}, 3: {7, None}, 9: {7, 3, None}, 1: {7, 3, 9}}


def test_truncation_takes_a_fifth_of_the_population():
    order = list(range(10))
    drawn = [source_of(trial, order, PbtConfig(), random.Random(1)) for trial in order]
    assert drawn[:8] == [None] * 8
    assert set(drawn[8:]) <= {0, 1}


@pytest.mark.parametrize("explore", ["perturb", "resample", "noise"])
def test_changed_points_are_points_of_the_space(explore):
    rng = random.Random(3)
    options = PbtConfig(explore=explore, keep=["size"])
    for _ in range(200):
        point = MIXED.sample(rng)
        changed = explored(MIXED, point, options, rng)
        assert not MIXED.problems_of(changed)
        assert changed["size"] == point["size"]


def test_the_nearest_value_is_one_of_the_dimension():
    assert nearest(MIXED.by_name["layers"], 3.6) == 4
    assert nearest(MIXED.by_name["layers"], 99.0) == 8
    assert nearest(MIXED.by_name["drop"], 0.34) == pytest.approx(0.3)
    assert nearest(MIXED.by_name["lr"], 0.0123) == pytest.approx(0.0123)


@pytest.mark.parametrize(("name", "config"), [("pbt", PbtConfig()), ("pb2", Pb2Config(candidates=50))])
def test_the_outcome_does_not_depend_on_the_number_of_workers(name, config):
    outcomes = []
    for workers, kills in ((1, 0.0), (3, 0.2), (5, 0.0)):
        conditions = Conditions(workers=workers, trials=5, rebuilt=kills, lost=kills / 4)
        study = SimulatedStudy(PROBLEM, lambda: make_trial_scheduler(name, PROBLEM, config), conditions).run()
        reports = sorted((report.trial, report.step, report.loss) for report in study.reports)
        outcomes.append((reports, [dict(curve.parameters) for curve in study.curves]))
    assert outcomes[0] == outcomes[1] == outcomes[2]


@pytest.mark.parametrize(("name", "config"), [("pbt", PbtConfig()), ("pb2", Pb2Config())])
def test_a_population_becomes_better_than_its_trials_alone(name, config):
    problem = SearchProblem(space=SPACE, max_step=60, trials=8, seed=1)

    def best(scheduler, options):
        make = lambda: make_trial_scheduler(scheduler, problem, options)  # noqa: E731
        study = SimulatedStudy(problem, make, Conditions(trials=8)).run()
        return min(report.loss for report in study.reports)

    assert best(name, config) < best("fifo", None) - 1


def test_options_that_do_not_fit_the_problem_are_refused():
    with pytest.raises(ConfigError, match="keep names what is no parameter of the space: size"):
        make_trial_scheduler("pbt", PROBLEM, PbtConfig(keep=["size"]))
    endless = SearchProblem(space=SPACE, max_step=20)
    with pytest.raises(ConfigError, match="'pb2' does not know how many trials make up its population"):
        make_trial_scheduler("pb2", endless)
