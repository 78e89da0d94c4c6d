from __future__ import annotations

import math

import pytest

from mlkernel import (
    ConfigError,
    Continue,
    Curve,
    Curves,
    NewTrial,
    Objective,
    Pause,
    Promote,
    Report,
    SearchProblem,
    Stop,
    Wait,
    make_trial_scheduler,
    parse_space,
)
from mlkernel_search.schedulers.configs import AshaConfig
from mlkernel_search.schedulers.rung import levels

SPACE = parse_space(["x=uniform(0,1)"])
PROBLEM = SearchProblem(space=SPACE, max_step=27)
PROMOTE = AshaConfig(form="promote", min_step=1)


def curves_at(step, losses, until=27.0, state="running"):
    """One report of each trial, at the same step."""
    curves = Curves()
    for number, loss in enumerate(losses):
        curves.add(Curve(number=number, parameters={"x": 0.5}, state=state, until=until))
        curves.append(Report(number, step, loss))
    return curves


def test_a_rung_is_the_reduction_factor_times_the_one_before():
    assert levels(27, 3, None) == [1, 3, 9, 27]
    assert levels(256, 4, 1) == [1, 4, 16, 64, 256]
    assert levels(100, 3, None) == [4, 11, 33, 100], "whole steps, three reductions below the last one"
    assert levels(0.9, 3, None) == pytest.approx([0.9]), "no rung below the first step"
    with pytest.raises(ConfigError, match="min_step must be below the study's max_step, and 27 >= 27"):
        levels(27, 3, 27)


def test_one_in_three_of_those_at_a_rung_train_on_and_the_best_always():
    curves, scheduler = Curves(), make_trial_scheduler("asha", PROBLEM, AshaConfig(min_step=1))
    decisions = []
    for number, loss in enumerate([0.9, 0.8, 1.0, 0.85, 0.95, 0.82]):
        curves.add(Curve(number=number, parameters={"x": 0.5}))
        curves.append(Report(number, 1, loss))
        decisions.append(scheduler.decide(curves, number))
    assert [type(decision) for decision in decisions] == [Continue, Continue, Stop, Stop, Stop, Continue]
    assert decisions[3] == Stop(reason="rung 1: place 2 of 4")


def test_what_became_of_a_trial_does_not_change_with_later_reports():
    curves = curves_at(9, [0.9, 0.8])
    scheduler = make_trial_scheduler("asha", PROBLEM)
    assert scheduler.decide(curves, 0) == Continue(until=27)


def test_another_seed_changes_the_value_at_the_rung():
    curves = curves_at(9, [0.5, 0.7])
    scheduler = make_trial_scheduler("asha", PROBLEM)
    assert scheduler.decide(curves, 1) == Stop(reason="rung 9: place 2 of 2")
    curves.append(Report(1, 9, 0.4))
    assert scheduler.decide(curves, 1) == Continue(until=27)
    assert scheduler.finalists(curves) == [1, 0]


def test_the_last_step_ends_no_trial_early():
    curves = curves_at(27, [0.5, 0.7, 0.9])
    scheduler = make_trial_scheduler("asha", PROBLEM)
    assert [scheduler.decide(curves, trial) for trial in range(3)] == [Continue(until=math.inf)] * 3


def test_promotion_takes_the_best_third_of_each_rung_from_the_top():
    scheduler = make_trial_scheduler("asha", PROBLEM, PROMOTE)
    losses = [0.9, 0.3, 0.8, 0.1, 0.7, 0.2, 0.6, 0.5, 0.4]
    curves = curves_at(1, losses, until=1.0, state="paused")
    assert scheduler.assign(Curves()) == NewTrial(until=1.0)
    for expected in (3, 5, 1):
        assert scheduler.assign(curves) == Promote(trial=expected, until=3.0)
        curves[expected].until, curves[expected].state = 3.0, "running"
    assert scheduler.assign(curves) == NewTrial(until=1.0)
    for trial, loss in ((3, 0.09), (5, 0.05), (1, 0.1)):
        curves.append(Report(trial, 3, loss))
        assert scheduler.decide(curves, trial) == Pause()
        curves[trial].state = "paused"
    assert scheduler.assign(curves) == Promote(trial=5, until=9.0)


def test_one_trial_is_trained_to_the_end_although_none_can_be_added():
    scheduler = make_trial_scheduler("asha", PROBLEM, PROMOTE)
    curves = curves_at(9, [0.9, 0.3], until=9.0, state="paused")
    curves.closed = True
    assert scheduler.assign(curves) == Promote(trial=1, until=27.0)
    curves[1].until, curves[1].state = 27.0, "running"
    assert scheduler.assign(curves) == Wait()


def test_a_study_that_it_cannot_schedule_is_refused():
    with pytest.raises(ConfigError, match="whose number max_step does not tell"):
        make_trial_scheduler("asha", SearchProblem(space=SPACE))
    pair = [Objective(metric="loss"), Objective(metric="cost")]
    with pytest.raises(ConfigError, match="by one objective, not by loss, cost"):
        make_trial_scheduler("asynchyperband", SearchProblem(space=SPACE, objectives=pair, max_step=9))
